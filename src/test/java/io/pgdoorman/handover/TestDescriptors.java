package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.FileDescriptor;
import io.pgdoorman.net.Posix;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Descriptors to send with messages, of two pipes, so that their order can be seen. When closed, no
 * copy of them may be left in this process, nor a socket more than before.
 */
final class TestDescriptors implements AutoCloseable {
    private static final Path OPEN = Path.of("/proc/self/fd");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final List<FileDescriptor> pipes;
    private final List<String> names;
    private final long socketsBefore;

    TestDescriptors() throws IOException {
        Epoll.ensureAvailability(); // loads what FileDescriptor needs
        pipes =
                Stream.of(FileDescriptor.pipe(), FileDescriptor.pipe())
                        .flatMap(Stream::of)
                        .toList();
        names = pipes.stream().map(pipe -> name(pipe.intValue())).toList();
        socketsBefore = sockets();
    }

    /** New descriptors, the caller's; of which pipe each is depends on its place. */
    int[] open(int count) throws IOException {
        int[] fds = new int[count];
        for (int i = 0; i < count; i++) {
            fds[i] = Posix.dup(pipes.get(pipeAt(i)).intValue());
        }
        return fds;
    }

    static void close(int... fds) {
        IntStream.of(fds).forEach(Posix::close);
    }

    /** They are copies of those that {@link #open} gave, in the same order. */
    void assertCopies(int[] fds, int count) {
        assertThat(fds).hasSize(count).doesNotHaveDuplicates();
        for (int i = 0; i < count; i++) {
            assertThat(name(fds[i])).as("descriptor %d", i).isEqualTo(names.get(pipeAt(i)));
        }
    }

    private static int pipeAt(int index) {
        return index % 3 == 0 || index % 7 == 2 ? 0 : 2;
    }

    /** How many descriptors there are beside the pipes themselves. */
    long copies() {
        return names().filter(names::contains).count() - pipes.size();
    }

    private static long sockets() {
        return names().filter(name -> name.startsWith("socket:")).count();
    }

    /** Closes the pipes; fails if anything else is left. */
    @Override
    public void close() throws IOException {
        await().atMost(LIMIT).untilAsserted(() -> assertThat(copies()).isZero());
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(sockets()).isLessThanOrEqualTo(socketsBefore));
        for (FileDescriptor pipe : pipes) {
            pipe.close();
        }
    }

    private static Stream<String> names() {
        try (Stream<Path> open = Files.list(OPEN)) {
            return open.map(TestDescriptors::name).filter(Objects::nonNull).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(int fd) {
        return name(OPEN.resolve(Integer.toString(fd)));
    }

    /** Null if it was closed meanwhile. */
    private static String name(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return null;
        }
    }
}
