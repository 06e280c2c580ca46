package io.pgdoorman.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Blocking Unix stream sockets by descriptor. Threads: any; it has no state. */
final class UnixSockets {
    static final int AF_UNIX = 1;
    static final int STREAM_CLOEXEC = 1 | 0x80000;
    static final int SOL_SOCKET = 1;
    static final short POLLIN = 1;
    static final short POLLOUT = 4;

    /** poll(2) leaves it out. */
    private static final int NO_DESCRIPTOR = -1;

    private static final int POLLFD_BYTES = 8;

    private static final int MAX_PATH_BYTES = 107;
    private static final int SOCKADDR_BYTES = 110;

    private UnixSockets() {}

    static int socket() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            return Libc.check(
                    "socket",
                    Libc.intCall(
                            () -> (int) Socket.CALL.invokeExact(errno, AF_UNIX, STREAM_CLOEXEC, 0)),
                    errno);
        }
    }

    static void bind(int fd, Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            MemorySegment address = address(arena, path);
            Libc.check(
                    "bind " + path,
                    Libc.intCall(
                            () -> (int) Bind.CALL.invokeExact(errno, fd, address, SOCKADDR_BYTES)),
                    errno);
        }
    }

    static void listen(int fd, int backlog) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            Libc.check(
                    "listen",
                    Libc.intCall(() -> (int) Listen.CALL.invokeExact(errno, fd, backlog)),
                    errno);
        }
    }

    static void connect(int fd, Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            MemorySegment address = address(arena, path);
            Libc.check(
                    "connect " + path,
                    Libc.intCall(
                            () ->
                                    (int)
                                            Connect.CALL.invokeExact(
                                                    errno, fd, address, SOCKADDR_BYTES)),
                    errno);
        }
    }

    /** Takes a connection that is there. */
    static int accept(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            return Libc.check(
                    "accept",
                    Libc.intCall(
                            () ->
                                    (int)
                                            Accept.CALL.invokeExact(
                                                    errno,
                                                    fd,
                                                    MemorySegment.NULL,
                                                    MemorySegment.NULL,
                                                    0x80000)),
                    errno);
        }
    }

    /**
     * Waits until the descriptor is ready, or its peer is gone.
     *
     * @param deadlineNanos {@link System#nanoTime}
     */
    static void await(int fd, short events, long deadlineNanos) throws IOException {
        await(fd, events, NO_DESCRIPTOR, deadlineNanos);
    }

    /** As {@link #await(int, short, long)}, or until the other end of {@code wake} is closed. */
    static void await(int fd, short events, int wake, long deadlineNanos) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            MemorySegment poll = arena.allocate(2 * POLLFD_BYTES, 4);
            poll.set(JAVA_INT, 0, fd);
            poll.set(JAVA_SHORT, 4, events);
            poll.set(JAVA_INT, POLLFD_BYTES, wake);
            poll.set(JAVA_SHORT, POLLFD_BYTES + 4, POLLIN);
            while (true) {
                long left =
                        TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime() + 999_999);
                if (left <= 0) {
                    throw new SocketTimeoutException("the other process did not answer in time");
                }
                int millis = (int) Math.min(left, Integer.MAX_VALUE);
                int ready =
                        Libc.intCall(() -> (int) Poll.CALL.invokeExact(errno, poll, 2L, millis));
                if (ready > 0) {
                    return;
                }
            }
        }
    }

    static void close(int fd) {
        Libc.intCall(() -> (int) Close.CALL.invokeExact(fd));
    }

    private static MemorySegment address(Arena arena, Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length > MAX_PATH_BYTES) {
            throw new IOException(
                    "the path of a Unix socket may have %d bytes, %s has %d"
                            .formatted(MAX_PATH_BYTES, path, name.length));
        }
        MemorySegment address = arena.allocate(SOCKADDR_BYTES, 2);
        address.set(JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
        return address;
    }

    private static final class Socket {
        private static final MethodHandle CALL =
                Libc.function("socket", Libc.ints(JAVA_INT, JAVA_INT, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Bind {
        private static final MethodHandle CALL =
                Libc.function("bind", Libc.ints(JAVA_INT, ADDRESS, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Listen {
        private static final MethodHandle CALL =
                Libc.function("listen", Libc.ints(JAVA_INT, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Connect {
        private static final MethodHandle CALL =
                Libc.function("connect", Libc.ints(JAVA_INT, ADDRESS, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Accept {
        private static final MethodHandle CALL =
                Libc.function(
                        "accept4",
                        Libc.ints(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT),
                        Libc.KEEP_ERRNO);
    }

    private static final class Poll {
        private static final MethodHandle CALL =
                Libc.function("poll", Libc.ints(ADDRESS, JAVA_LONG, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Close {
        private static final MethodHandle CALL = Libc.function("close", Libc.ints(JAVA_INT));
    }
}
