package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

@Timeout(60)
class UnixListenerTest {
    @TempDir Path dir;

    @ParameterizedTest
    @CsvSource({"600, rw-------", "660, rw-rw----", "777, rwxrwxrwx", "0, ---------"})
    void givesSocketFileExactlyTheMode(String octal, String expected) throws Exception {
        try (Loops loops = new Loops(TransportChoice.EPOLL, 1)) {
            Path path = dir.resolve("s");

            Listener listener = listen(loops, path, Integer.parseInt(octal, 8)).join();

            assertThat(permissions(path)).isEqualTo(expected);
            listener.close().join();
        }
    }

    @Test
    void opensSocketFileToItsOwnerOnlyWhileItIsBound() throws Exception {
        Path path = dir.resolve("s");
        Epoll.ensureAvailability();
        Socket socket = Socket.newSocketDomain();

        UnixPath.bindNarrow(socket, path);

        assertThat(permissions(path)).isEqualTo("rw-------");
        socket.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void servesClientsAndRemovesItsFile(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Path path = dir.resolve("s");
            Listener listener = listen(loops, path, 0600).join();

            assertThat(listener.address()).isEqualTo(UnixDomainSocketAddress.of(path));
            assertThat(echo(path)).isEqualTo("hello");
            listener.close().join();

            assertThat(path).doesNotExist();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void replacesStaleFile(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Path path = dir.resolve("s");
            ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                    .bind(UnixDomainSocketAddress.of(path))
                    .close();
            assertThat(path).exists();

            Listener listener = listen(loops, path, 0600).join();

            assertThat(echo(path)).isEqualTo("hello");
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void refusesPathOfLiveOwner(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1);
                ServerSocketChannel owner = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            Path path = dir.resolve("s");
            owner.bind(UnixDomainSocketAddress.of(path), 1);

            CompletableFuture<Listener> listener = listen(loops, path, 0600);

            assertRefused(listener, path);
            SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
        }
    }

    @Test
    void refusesPathOfLiveOwnerWhoseBacklogIsFull() throws Exception {
        try (Loops loops = new Loops(TransportChoice.EPOLL, 1)) {
            Path path = dir.resolve("s");
            Socket owner = Socket.newSocketDomain();
            UnixPath.bindNarrow(owner, path);
            owner.listen(0);
            SocketChannel queued = SocketChannel.open(UnixDomainSocketAddress.of(path));

            CompletableFuture<Listener> listener = listen(loops, path, 0600);

            assertRefused(listener, path);
            queued.close();
            owner.close();
        }
    }

    private static void assertRefused(CompletableFuture<Listener> listener, Path path) {
        assertThatThrownBy(listener::join)
                .isInstanceOf(CompletionException.class)
                .hasStackTraceContaining(
                        "Cannot reuse Unix socket path %s: another process is already listening on %s; refusing to remove it"
                                .formatted(path, path));
        assertThat(path).exists();
    }

    @Test
    void refusesToRemoveWhatIsNoSocket() throws Exception {
        try (Loops loops = new Loops(TransportChoice.EPOLL, 1)) {
            Path path = Files.writeString(dir.resolve("s"), "data");

            CompletableFuture<Listener> listener = listen(loops, path, 0600);

            assertThatThrownBy(listener::join).hasStackTraceContaining("is not a socket");
            assertThat(path).hasContent("data");
        }
    }

    @Test
    void namesPathThatIsTooLong() {
        try (Loops loops = new Loops(TransportChoice.EPOLL, 1)) {
            Path path = dir.resolve("x".repeat(108));

            CompletableFuture<Listener> listener = listen(loops, path, 0600);

            assertThatThrownBy(listener::join).hasStackTraceContaining("at most 107");
        }
    }

    @Test
    void takesTheLongestPathTheKernelTakes() throws Exception {
        try (Loops loops = new Loops(TransportChoice.EPOLL, 1)) {
            Path path = dir.resolve("x".repeat(107 - dir.toString().length() - 1));

            Listener listener = listen(loops, path, 0600).join();

            loops.transport
                    .connectUnix(
                            loops.first(),
                            path, // the JDK's own sockets end at a shorter one
                            SocketSettings.DEFAULT,
                            Duration.ofSeconds(10),
                            new Echo())
                    .sync()
                    .channel()
                    .close()
                    .sync();
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void leavesFileOfAnotherOwnerAlone(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Path path = dir.resolve("s");
            Listener listener = listen(loops, path, 0600).join();
            Files.delete(path);
            try (ServerSocketChannel next = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                next.bind(UnixDomainSocketAddress.of(path));

                listener.close().join();

                assertThat(path).exists();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void keepsServingPathAfterHandover(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Path path = dir.resolve("s");
            Listener predecessor = listen(loops, path, 0600).join();
            int copy = Posix.dup(predecessor.fd());

            Listener successor =
                    loops.transport
                            .adoptListener(
                                    loops.first(),
                                    copy,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    channel -> channel.pipeline().addLast(new Echo()),
                                    false)
                            .join();
            predecessor.closeAfterHandover().join();

            assertThat(successor.address()).isEqualTo(predecessor.address());
            assertThat(echo(path)).isEqualTo("hello");
            successor.close().join();
            assertThat(path).doesNotExist();
        }
    }

    private static CompletableFuture<Listener> listen(Loops loops, Path path, int mode) {
        return loops.transport.listenUnix(
                loops.first(),
                path,
                mode,
                16,
                SocketSettings.DEFAULT,
                loops.choice(),
                channel -> channel.pipeline().addLast(new Echo()),
                false);
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static String echo(Path path) throws IOException {
        try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            peer.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)));
            ByteBuffer answer = ByteBuffer.allocate(5);
            while (answer.hasRemaining()) {
                if (peer.read(answer) < 0) {
                    break;
                }
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
        }
    }
}
