package io.pgdoorman.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * Calls of the C library that neither the JDK nor Netty offers. Threads: any, because it has no
 * state. Failed calls throw {@link IOException} with the name of the call and the error.
 *
 * <p>The first call loads the JDK's linker, which takes tens of milliseconds: nothing here runs at
 * start-up unless a setting needs it.
 */
public final class Posix {
    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int FD_CLOEXEC = 1;
    private static final long SIOCOUTQ = 0x5411;
    private static final int O_RDWR = 2;
    private static final int PRIO_PROCESS = 0; // of one thread, as Linux has it
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    private static final int LOWEST_NEW_FD = 3; // never hand out 0 to 2, should they be closed

    private Posix() {}

    /** Sets the process's umask, returns the old one. It is process-wide: hold it briefly. */
    public static int umask(int mask) {
        return Libc.intCall(() -> (int) Umask.CALL.invokeExact(mask));
    }

    /** Sets permission bits. */
    public static void chmod(Path path, int mode) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            Libc.check(
                    "chmod " + path,
                    Libc.intCall(() -> (int) Chmod.CALL.invokeExact(errno, name, mode)),
                    errno);
        }
    }

    /** Duplicates a descriptor; the copy has FD_CLOEXEC. */
    public static int dup(int fd) throws IOException {
        return fcntl("dup", fd, F_DUPFD_CLOEXEC, LOWEST_NEW_FD);
    }

    /** Closes a descriptor. */
    public static void close(int fd) {
        UnixSockets.close(fd);
    }

    /** Makes {@code to} mean the same socket as {@code from}; what it meant before is closed. */
    static void dup3(int from, int to) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            Libc.check(
                    "dup3",
                    Libc.intCall(() -> (int) Dup3.CALL.invokeExact(errno, from, to, O_CLOEXEC)),
                    errno);
        }
    }

    /** Makes a descriptor mean a file opened for reading and writing; children inherit it. */
    public static void redirect(Path file, int to) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(file.toString());
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            int opened =
                    Libc.check(
                            "open " + file,
                            Libc.intCall(() -> (int) Open.CALL.invokeExact(errno, name, O_RDWR)),
                            errno);
            try {
                Libc.check(
                        "dup2",
                        Libc.intCall(() -> (int) Dup2.CALL.invokeExact(errno, opened, to)),
                        errno);
            } finally {
                close(opened);
            }
        }
    }

    /** Sets FD_CLOEXEC, which JDK sockets lack. */
    public static void setCloseOnExec(int fd) throws IOException {
        int flags = fcntl("fcntl F_GETFD", fd, F_GETFD, 0);
        if ((flags & FD_CLOEXEC) == 0) {
            fcntl("fcntl F_SETFD", fd, F_SETFD, flags | FD_CLOEXEC);
        }
    }

    /** Sets O_NONBLOCK. The flag belongs to the socket: copies of the descriptor share it. */
    public static void setNonBlocking(int fd) throws IOException {
        int flags = fcntl("fcntl F_GETFL", fd, F_GETFL, 0);
        if ((flags & O_NONBLOCK) == 0) {
            fcntl("fcntl F_SETFL", fd, F_SETFL, flags | O_NONBLOCK);
        }
    }

    /**
     * Sets the priority of one thread.
     *
     * @param nice -20 to 19; lower numbers than now need a privilege
     */
    public static void setPriority(int thread, int nice) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            Libc.check(
                    "setpriority",
                    Libc.intCall(
                            () ->
                                    (int)
                                            SetPriority.CALL.invokeExact(
                                                    errno, PRIO_PROCESS, thread, nice)),
                    errno);
        }
    }

    /** Real user id. */
    public static int getuid() {
        return Libc.intCall(() -> (int) Uids.REAL.invokeExact());
    }

    /** Effective user id. */
    public static int geteuid() {
        return Libc.intCall(() -> (int) Uids.EFFECTIVE.invokeExact());
    }

    /** Whether the descriptor is a terminal. */
    public static boolean isatty(int fd) {
        return Libc.intCall(() -> (int) Isatty.CALL.invokeExact(fd)) == 1;
    }

    /** Bytes written to a stream socket that its peer's kernel, or peer, has not taken yet. */
    static int outQueue(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            MemorySegment bytes = arena.allocate(JAVA_INT);
            Libc.check(
                    "ioctl SIOCOUTQ",
                    Libc.intCall(() -> (int) Ioctl.CALL.invokeExact(errno, fd, SIOCOUTQ, bytes)),
                    errno);
            return bytes.get(JAVA_INT, 0);
        }
    }

    private static int fcntl(String what, int fd, int command, int argument) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            return Libc.check(
                    what,
                    Libc.intCall(() -> (int) Fcntl.CALL.invokeExact(errno, fd, command, argument)),
                    errno);
        }
    }

    // One holder class per function: a handle takes about a millisecond to make and is made when
    // it is first called.

    private static final class Umask {
        private static final MethodHandle CALL = Libc.function("umask", Libc.ints(JAVA_INT));
    }

    private static final class Chmod {
        private static final MethodHandle CALL =
                Libc.function("chmod", Libc.ints(ADDRESS, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Fcntl {
        private static final MethodHandle CALL =
                Libc.function(
                        "fcntl",
                        Libc.ints(JAVA_INT, JAVA_INT, JAVA_INT),
                        Libc.KEEP_ERRNO,
                        Linker.Option.firstVariadicArg(2));
    }

    private static final class Ioctl {
        private static final MethodHandle CALL =
                Libc.function(
                        "ioctl",
                        Libc.ints(JAVA_INT, JAVA_LONG, ADDRESS),
                        Libc.KEEP_ERRNO,
                        Linker.Option.firstVariadicArg(2));
    }

    private static final class Open {
        private static final MethodHandle CALL =
                Libc.function(
                        "open",
                        Libc.ints(ADDRESS, JAVA_INT),
                        Libc.KEEP_ERRNO,
                        Linker.Option.firstVariadicArg(2));
    }

    private static final class Dup2 {
        private static final MethodHandle CALL =
                Libc.function("dup2", Libc.ints(JAVA_INT, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Dup3 {
        private static final MethodHandle CALL =
                Libc.function("dup3", Libc.ints(JAVA_INT, JAVA_INT, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class SetPriority {
        private static final MethodHandle CALL =
                Libc.function(
                        "setpriority", Libc.ints(JAVA_INT, JAVA_INT, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class Uids {
        private static final MethodHandle REAL = Libc.function("getuid", Libc.ints());
        private static final MethodHandle EFFECTIVE = Libc.function("geteuid", Libc.ints());
    }

    private static final class Isatty {
        private static final MethodHandle CALL = Libc.function("isatty", Libc.ints(JAVA_INT));
    }
}
