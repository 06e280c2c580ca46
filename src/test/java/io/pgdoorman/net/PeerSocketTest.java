package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Bytes and descriptors between two ends. */
class PeerSocketTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(50);

    private PeerSocket near;
    private PeerSocket far;
    private final List<Integer> received = new ArrayList<>();

    @BeforeEach
    void connect() throws IOException {
        PeerSocket[] ends = PeerSocket.pair();
        near = ends[0];
        far = ends[1];
    }

    @AfterEach
    void close() {
        near.close();
        far.close();
        received.forEach(PeerSocketTest::closeFd);
    }

    @Test
    void carriesBytesInOrderWhateverTheirNumber() throws Exception {
        byte[] sent = new byte[5_000_000];
        new Random(1).nextBytes(sent);
        var sending = CompletableFuture.runAsync(() -> send(sent));

        ByteBuffer all = ByteBuffer.allocate(sent.length);
        while (all.hasRemaining()) {
            far.receive(all, received::add, LIMIT);
        }

        sending.join();
        assertThat(all.array()).isEqualTo(sent);
        assertThat(received).isEmpty();
    }

    @Test
    void carriesMoreDescriptorsThanOneMessageHolds() throws Exception {
        int[] fds = new int[600];
        for (int i = 0; i < fds.length; i++) {
            fds[i] = Posix.dup(1);
        }
        try {
            near.send(ByteBuffer.wrap(new byte[10]), fds, LIMIT);
            ByteBuffer bytes = ByteBuffer.allocate(10);
            while (bytes.hasRemaining()) {
                far.receive(bytes, received::add, LIMIT);
            }
        } finally {
            for (int fd : fds) {
                closeFd(fd);
            }
        }

        assertThat(received).hasSize(600).doesNotHaveDuplicates();
        Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/1"));
        for (int fd : received) {
            assertThat(Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd))).isEqualTo(target);
            assertThat(flags(fd)).as("close on exec").containsPattern("[2367][0-7]{6}$");
        }
    }

    @Test
    void tellsTheEnd() {
        near.close();

        assertThatThrownBy(() -> far.receive(ByteBuffer.allocate(1), received::add, LIMIT))
                .isInstanceOf(EOFException.class);
    }

    @Test
    void waitsNoLongerThanItMay() {
        assertThatThrownBy(() -> far.receive(ByteBuffer.allocate(1), received::add, SHORT))
                .isInstanceOf(SocketTimeoutException.class);
        assertThatThrownBy(
                        () -> near.send(ByteBuffer.wrap(new byte[10_000_000]), new int[0], SHORT))
                .isInstanceOf(SocketTimeoutException.class);
    }

    /** On this the commit of a handover rests. */
    @Test
    void afterAShutdownThePeerCannotSendButWhatItSentCanBeRead() throws Exception {
        far.send(ByteBuffer.wrap(new byte[] {1, 2, 3}), new int[0], LIMIT);
        near.shutdownRead();

        assertThatThrownBy(() -> far.send(ByteBuffer.wrap(new byte[] {4}), new int[0], LIMIT))
                .hasMessageContaining("closed the connection");
        ByteBuffer bytes = ByteBuffer.allocate(10);
        near.receive(bytes, received::add, LIMIT);
        assertThat(bytes.position()).isEqualTo(3);
        assertThatThrownBy(() -> near.receive(bytes, received::add, LIMIT))
                .isInstanceOf(EOFException.class);
    }

    @Test
    void aSendToNobodyFailsAndDoesNotKill() {
        far.close();

        assertThatThrownBy(() -> near.send(ByteBuffer.wrap(new byte[1]), new int[0], LIMIT))
                .isInstanceOf(IOException.class);
    }

    @Test
    void knowsItsPeer() throws Exception {
        assertThat(near.peer())
                .isEqualTo(new PeerSocket.Peer(Posix.geteuid(), ProcessHandle.current().pid()));
    }

    @Test
    void aCloseWakesWhoWaits() {
        var waiting =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                far.receive(ByteBuffer.allocate(1), received::add, LIMIT);
                                return "received";
                            } catch (IOException e) {
                                return "failed";
                            }
                        });
        far.close();

        assertThat(waiting.join()).isEqualTo("failed");
    }

    /** The number of its descriptor has gone to the next who opened one. */
    @Test
    void aSocketThatIsClosedShutsNobodyElseDown() throws Exception {
        near.close();
        List<PeerSocket[]> others = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            others.add(PeerSocket.pair());
        }

        near.shutdown();
        assertThatThrownBy(near::shutdownRead).isInstanceOf(IOException.class);
        assertThatThrownBy(near::shutdownWrite).isInstanceOf(IOException.class);
        near.close();

        for (PeerSocket[] other : others) {
            try (PeerSocket one = other[0];
                    PeerSocket two = other[1]) {
                one.send(ByteBuffer.wrap(new byte[] {1}), new int[0], LIMIT);
                two.receive(ByteBuffer.allocate(1), received::add, LIMIT);
                two.send(ByteBuffer.wrap(new byte[] {1}), new int[0], LIMIT);
                one.receive(ByteBuffer.allocate(1), received::add, LIMIT);
            }
        }
    }

    /** As a process leaves it that dies before it has read everything. */
    @SuppressWarnings("try") // the end of one side is what it is about
    @Test
    void aPeerThatClosesWithUnreadBytesHasClosed() throws IOException {
        PeerSocket[] pair = PeerSocket.pair();
        try (PeerSocket one = pair[0];
                PeerSocket two = pair[1]) {
            one.send(ByteBuffer.wrap(new byte[] {1}), new int[0], LIMIT);
            two.send(ByteBuffer.wrap(new byte[] {2}), new int[0], LIMIT);
            two.close();

            one.receive(ByteBuffer.allocate(1), received::add, LIMIT);
            assertThatThrownBy(() -> one.receive(ByteBuffer.allocate(1), received::add, LIMIT))
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void listensInAPrivateDirectoryOnly(@TempDir Path home) throws Exception {
        Path open = Files.createDirectory(home.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThatThrownBy(() -> PeerListener.bind(open.resolve("s")))
                .hasMessageContaining("mode 0700");

        Path path = home.resolve("own").resolve("s");
        try (PeerListener listener = PeerListener.bind(path)) {
            try (PeerSocket client = PeerListener.connect(path);
                    PeerSocket server = listener.accept(LIMIT)) {
                client.send(ByteBuffer.wrap(new byte[] {7}), new int[0], LIMIT);
                ByteBuffer one = ByteBuffer.allocate(1);
                server.receive(one, received::add, LIMIT);
                assertThat(one.get(0)).isEqualTo((byte) 7);
            }
            assertThatThrownBy(() -> PeerListener.bind(path))
                    .hasMessageContaining("another process listens");
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void replacesASocketNobodyListensOn(@TempDir Path home) throws Exception {
        Path path = home.resolve("own").resolve("s");
        PeerListener.bind(path).closeAfterHandover(); // leaves the file

        try (PeerListener again = PeerListener.bind(path)) {
            assertThat(again.path()).exists();
        }
    }

    @Test
    void closingAListenerWakesWhoWaits(@TempDir Path home) throws Exception {
        PeerListener listener = PeerListener.bind(home.resolve("own").resolve("s"));
        var end = new CompletableFuture<Throwable>();
        Thread waiting =
                Thread.ofPlatform()
                        .start(() -> end.complete(catchThrowable(() -> listener.accept(LIMIT))));
        await().atMost(LIMIT).until(() -> isInPoll(waiting));

        listener.close();

        assertThat(end.get(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .isExactlyInstanceOf(IOException.class)
                .hasMessageContaining("is closed");
    }

    private static boolean isInPoll(Thread thread) {
        return Stream.of(thread.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(UnixSockets.class.getName()));
    }

    private void send(byte[] bytes) {
        try {
            near.send(ByteBuffer.wrap(bytes), new int[0], LIMIT);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static String flags(int fd) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                .filter(line -> line.startsWith("flags:"))
                .findFirst()
                .orElseThrow();
    }

    private static void closeFd(int fd) {
        UnixSockets.close(fd);
    }
}
