package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

class PosixTest {
    private static final int O_CLOEXEC = 02000000;
    private static final int O_NONBLOCK = 04000;

    @TempDir Path dir;

    @BeforeAll
    static void loadNativeSockets() {
        Epoll.ensureAvailability();
    }

    @Test
    void setsUmaskAndReturnsTheOldOne() throws IOException {
        int before = Posix.umask(0077);

        Path file = Files.createFile(dir.resolve("f"));

        assertThat(Posix.umask(before)).isEqualTo(0077);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void changesPermissions() throws IOException {
        Path file = Files.createFile(dir.resolve("f"));

        Posix.chmod(file, 0640);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");
    }

    @Test
    void tellsWhatAPeerHasNotTaken() throws IOException {
        int[] pair = PeerSocket.descriptorPair();
        var mine = new Socket(pair[0]);
        var other = new Socket(pair[1]);
        try {
            assertThat(Posix.outQueue(pair[0])).isZero();

            mine.write(ByteBuffer.allocateDirect(1000), 0, 1000);
            assertThat(Posix.outQueue(pair[0])).isGreaterThanOrEqualTo(1000);

            other.read(ByteBuffer.allocateDirect(1000), 0, 1000);
            assertThat(Posix.outQueue(pair[0])).isZero();
        } finally {
            mine.close();
            other.close();
        }
    }

    @Test
    void namesCallAndErrorWhenItFails() {
        Path missing = dir.resolve("missing");

        assertThatThrownBy(() -> Posix.chmod(missing, 0600))
                .isInstanceOf(IOException.class)
                .hasMessage("chmod " + missing + ": No such file or directory");
        assertThatThrownBy(() -> Posix.dup(-1)).hasMessage("dup: Bad file descriptor");
    }

    @Test
    void duplicatesWithCloseOnExec() throws IOException {
        Socket socket = Socket.newSocketStream();

        int copy = Posix.dup(socket.intValue());

        assertThat(copy).isNotEqualTo(socket.intValue());
        assertThat(Files.readSymbolicLink(link(copy)))
                .isEqualTo(Files.readSymbolicLink(link(socket.intValue())));
        assertThat(flags(copy) & O_CLOEXEC).isNotZero();
        new FileDescriptor(copy).close();
        socket.close();
    }

    @Test
    void setsFlagsOfDescriptor() throws IOException {
        Socket socket = Socket.newSocketStream();

        Posix.setCloseOnExec(socket.intValue());
        Posix.setNonBlocking(socket.intValue());

        assertThat(flags(socket.intValue()) & (O_CLOEXEC | O_NONBLOCK))
                .isEqualTo(O_CLOEXEC | O_NONBLOCK);
        socket.close();
    }

    @Test
    void knowsWhoRunsIt() throws IOException {
        String status = Files.readString(Path.of("/proc/self/status"));
        Matcher uids = Pattern.compile("Uid:\\s+(\\d+)\\s+(\\d+)").matcher(status);

        assertThat(uids.find()).isTrue();
        assertThat(Posix.getuid()).isEqualTo(Integer.parseInt(uids.group(1)));
        assertThat(Posix.geteuid()).isEqualTo(Integer.parseInt(uids.group(2)));
    }

    @Test
    void tellsThatSocketIsNoTerminal() throws IOException {
        Socket socket = Socket.newSocketStream();

        assertThat(Posix.isatty(socket.intValue())).isFalse();
        socket.close();
    }

    private static Path link(int fd) {
        return Path.of("/proc/self/fd/" + fd);
    }

    private static int flags(int fd) throws IOException {
        Matcher flags =
                Pattern.compile("flags:\\s+(\\d+)")
                        .matcher(Files.readString(Path.of("/proc/self/fdinfo/" + fd)));
        assertThat(flags.find()).isTrue();
        return Integer.parseInt(flags.group(1), 8);
    }
}
