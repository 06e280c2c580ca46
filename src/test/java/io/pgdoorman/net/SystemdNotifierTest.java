package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

@Timeout(30)
class SystemdNotifierTest {
    @TempDir Path dir;

    @BeforeAll
    static void loadNativeSockets() {
        Epoll.ensureAvailability();
    }

    @Test
    void sendsEachStateToPath() throws Exception {
        String path = dir.resolve("notify").toString();
        try (Manager manager = new Manager(path)) {
            SystemdNotifier notifier = new SystemdNotifier(path);

            notifier.ready("listening on 0.0.0.0:6432");
            assertThat(manager.next()).isEqualTo("READY=1\nSTATUS=listening on 0.0.0.0:6432");
            notifier.reloading();
            assertThat(manager.next()).matches("RELOADING=1\nMONOTONIC_USEC=\\d+");
            notifier.status("two\nlines");
            assertThat(manager.next()).isEqualTo("STATUS=two lines");
            notifier.mainPid(4711);
            assertThat(manager.next()).isEqualTo("MAINPID=4711");
            notifier.stopping();
            assertThat(manager.next()).isEqualTo("STOPPING=1");
        }
    }

    @Test
    void sendsToAbstractName() throws Exception {
        String name = "pgdoorman-test-" + UUID.randomUUID();
        try (Manager manager = new Manager("\0" + name)) {
            new SystemdNotifier("@" + name).stopping();

            assertThat(manager.next()).isEqualTo("STOPPING=1");
        }
    }

    @Test
    void reloadTimeIsOfTheMonotonicClock() throws Exception {
        String path = dir.resolve("notify").toString();
        try (Manager manager = new Manager(path)) {
            new SystemdNotifier(path).reloading();

            String message = manager.next();
            long micros = Long.parseLong(message.substring(message.lastIndexOf('=') + 1));
            assertThat(micros).isBetween(1L, System.nanoTime() / 1000);
        }
    }

    @Test
    void doesNothingWithoutSocket() {
        assertThatCode(
                        () -> {
                            new SystemdNotifier(null).ready("x");
                            new SystemdNotifier("").stopping();
                        })
                .doesNotThrowAnyException();
    }

    @Test
    void survivesSocketThatIsGone() {
        SystemdNotifier notifier = new SystemdNotifier(dir.resolve("nobody").toString());

        assertThatCode(notifier::stopping).doesNotThrowAnyException();
    }

    /** systemd's end: a bound datagram socket. */
    private static final class Manager implements AutoCloseable {
        private final Socket socket = Socket.newSocketDomainDgram();

        Manager(String address) throws IOException {
            socket.bind(new DomainSocketAddress(address));
        }

        /** A datagram sent on the same machine is there when the send returns. */
        String next() throws IOException {
            ByteBuffer buffer = ByteBuffer.allocateDirect(512);
            int length = socket.recv(buffer, 0, buffer.capacity());
            byte[] bytes = new byte[Math.max(length, 0)];
            buffer.get(0, bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
