package io.pgdoorman.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.IntConsumer;

/**
 * A connected Unix stream socket that carries descriptors beside its bytes. Calls block, so it is
 * for threads of its own, never for an event loop. One thread may send while another receives.
 *
 * <p>Every descriptor it opens or receives has FD_CLOEXEC. A peer that is gone makes a send fail;
 * it raises no SIGPIPE.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
 */
public final class PeerSocket implements AutoCloseable {
    /** The kernel's SCM_MAX_FD: no message carries more descriptors. */
    public static final int MAX_FDS = 253;

    /** In the place of descriptors that were lost. */
    public static final int LOST = -1;

    /** Who is at the other end. The pid is 0 if it lives in another container. */
    public record Peer(int uid, long pid) {}

    private static final int SHUT_RD = 0;
    private static final int SHUT_WR = 1;
    private static final int SHUT_RDWR = 2;
    private static final int SO_PEERCRED = 17;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
    private static final String CLOSED = "the other process closed the connection";

    private static final int EINTR = 4;
    private static final int EAGAIN = 11;
    private static final int EPIPE = 32;
    private static final int ECONNRESET = 104;

    private static final int CHUNK = 64 * 1024;

    // struct cmsghdr { size_t len; int level; int type; } and its data, aligned to eight bytes
    private static final int CMSG_HEADER = 16;
    private static final int CONTROL = CMSG_HEADER + (MAX_FDS * Integer.BYTES + 7) / 8 * 8;

    private final int fd;
    private final Buffers out = new Buffers();
    private final Buffers in = new Buffers();
    private volatile boolean closed;

    /** Takes ownership of {@code fd}, a connected stream socket. */
    PeerSocket(int fd) {
        this.fd = fd;
    }

    /** Two ends connected with each other. */
    public static PeerSocket[] pair() throws IOException {
        int[] fds = descriptorPair();
        return new PeerSocket[] {new PeerSocket(fds[0]), new PeerSocket(fds[1])};
    }

    /** Two connected descriptors, the caller's to close. */
    static int[] descriptorPair() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            MemorySegment fds = arena.allocate(JAVA_INT, 2);
            Libc.check(
                    "socketpair",
                    Libc.intCall(
                            () ->
                                    (int)
                                            SocketPair.CALL.invokeExact(
                                                    errno,
                                                    UnixSockets.AF_UNIX,
                                                    UnixSockets.STREAM_CLOEXEC,
                                                    0,
                                                    fds)),
                    errno);
            return new int[] {fds.getAtIndex(JAVA_INT, 0), fds.getAtIndex(JAVA_INT, 1)};
        }
    }

    /** The user and process that made the other end. */
    public Peer peer() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            MemorySegment credentials = arena.allocate(JAVA_INT, 3); // pid, uid, gid
            MemorySegment length = arena.allocate(JAVA_INT);
            length.set(JAVA_INT, 0, 12);
            Libc.check(
                    "getsockopt SO_PEERCRED",
                    Libc.intCall(
                            () ->
                                    (int)
                                            GetSockOpt.CALL.invokeExact(
                                                    errno,
                                                    fd,
                                                    UnixSockets.SOL_SOCKET,
                                                    SO_PEERCRED,
                                                    credentials,
                                                    length)),
                    errno);
            return new Peer(
                    credentials.getAtIndex(JAVA_INT, 1), credentials.getAtIndex(JAVA_INT, 0));
        }
    }

    /**
     * Sends all of {@code data}. The descriptors go with its first bytes, at most {@link #MAX_FDS}
     * with each system call, and stay the caller's.
     *
     * @param data at least as many bytes as there are system calls for the descriptors; borrowed
     * @throws java.net.SocketTimeoutException the peer did not take it in time
     */
    public void send(ByteBuffer data, int[] fds, Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        int sentFds = 0;
        while (data.hasRemaining() || sentFds < fds.length) {
            int withFds = Math.min(fds.length - sentFds, MAX_FDS);
            boolean more = sentFds + withFds < fds.length;
            int length = more ? Math.min(1, data.remaining()) : Math.min(CHUNK, data.remaining());
            if (length == 0) {
                throw new IllegalArgumentException("descriptors without a byte to carry them");
            }
            UnixSockets.await(fd, UnixSockets.POLLOUT, deadline);
            int sent = out.send(data, length, fds, sentFds, withFds);
            if (sent > 0) {
                data.position(data.position() + sent);
                sentFds += withFds;
            }
        }
    }

    /**
     * Receives what is there, at least one byte.
     *
     * @param into filled at its position
     * @param onFd gets each descriptor that came with the bytes, in order; the caller's from then
     *     on. {@link #LOST} stands for those that this process may not open any more (ulimit -n).
     * @throws EOFException the peer has closed or shut down its end
     * @throws java.net.SocketTimeoutException nothing came in time
     */
    public void receive(ByteBuffer into, IntConsumer onFd, Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            UnixSockets.await(fd, UnixSockets.POLLIN, deadline);
            int received = in.receive(into, onFd);
            if (received > 0) {
                return;
            }
            if (received == 0) {
                throw new EOFException(CLOSED);
            }
        }
    }

    /**
     * From now on every send of the peer fails. What it has sent before can still be received, to
     * the end.
     */
    public void shutdownRead() throws IOException {
        shutdown(SHUT_RD);
    }

    /** The peer receives the end behind what was sent. */
    public void shutdownWrite() throws IOException {
        shutdown(SHUT_WR);
    }

    /** Both directions end, and threads that block here fail. The descriptor stays open. */
    public void shutdown() {
        try {
            shutdown(SHUT_RDWR);
        } catch (IOException e) {
            // the peer was faster
        }
    }

    /** After the close the descriptor may be another connection's. */
    private synchronized void shutdown(int how) throws IOException {
        requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
            Libc.check(
                    "shutdown",
                    Libc.intCall(() -> (int) Shutdown.CALL.invokeExact(errno, fd, how)),
                    errno);
        }
    }

    /** Wakes threads that block here, which then fail. The descriptor is released once. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        shutdown();
        closed = true;
        synchronized (out) {
            synchronized (in) {
                UnixSockets.close(fd);
            }
        }
    }

    public boolean isClosed() {
        return closed;
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new InterruptedIOException("this end is closed");
        }
    }

    /**
     * The memory of one direction, and its lock: none of its calls meets a close half-way. Threads:
     * that of the direction.
     */
    private final class Buffers {
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment errno = arena.allocate(Libc.ERRNO_LAYOUT);
        private final MemorySegment bytes = arena.allocate(CHUNK);
        private final MemorySegment control = arena.allocate(CONTROL, 8);
        private final MemorySegment iovec = arena.allocate(16, 8);
        // name 8, namelen 4 + 4, iov 8, iovlen 8, control 8, controllen 8, flags 4 + 4
        private final MemorySegment header = arena.allocate(56, 8);

        synchronized int send(ByteBuffer data, int length, int[] fds, int first, int count)
                throws IOException {
            requireOpen();
            bytes.copyFrom(MemorySegment.ofBuffer(data).asSlice(0, length));
            prepare(length, count == 0 ? 0 : CMSG_HEADER + (count * 4 + 7) / 8 * 8);
            if (count > 0) {
                control.set(JAVA_LONG, 0, CMSG_HEADER + 4L * count);
                control.set(JAVA_INT, 8, UnixSockets.SOL_SOCKET);
                control.set(JAVA_INT, 12, SCM_RIGHTS);
                for (int i = 0; i < count; i++) {
                    control.set(JAVA_INT, CMSG_HEADER + 4L * i, fds[first + i]);
                }
            }
            int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
            long sent = Libc.call(() -> (long) SendMsg.CALL.invokeExact(errno, fd, header, flags));
            bytes.asSlice(0, length).fill((byte) 0); // secrets may be among them
            return result("sendmsg", sent);
        }

        /** Returns 0 at the end, -1 if nothing is there. */
        synchronized int receive(ByteBuffer into, IntConsumer onFd) throws IOException {
            requireOpen();
            int room = Math.min(CHUNK, into.remaining());
            prepare(room, CONTROL);
            int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
            long received =
                    Libc.call(() -> (long) RecvMsg.CALL.invokeExact(errno, fd, header, flags));
            if (received < 0 && Libc.errno(errno) == ECONNRESET) {
                return 0; // it had not read everything: no less an end, behind what it has sent
            }
            int count = result("recvmsg", received);
            if (count < 0) {
                return count;
            }
            takeFds(onFd);
            if ((header.get(JAVA_INT, 48) & MSG_CTRUNC) != 0) {
                onFd.accept(LOST);
            }
            MemorySegment.ofBuffer(into).copyFrom(bytes.asSlice(0, count));
            bytes.asSlice(0, count).fill((byte) 0); // secrets may be among them
            into.position(into.position() + count);
            return count;
        }

        private void prepare(int length, int controlLength) {
            iovec.set(ADDRESS, 0, bytes);
            iovec.set(JAVA_LONG, 8, length);
            header.fill((byte) 0);
            header.set(ADDRESS, 16, iovec);
            header.set(JAVA_LONG, 24, 1);
            header.set(ADDRESS, 32, controlLength == 0 ? MemorySegment.NULL : control);
            header.set(JAVA_LONG, 40, controlLength);
        }

        private void takeFds(IntConsumer onFd) {
            long length = header.get(JAVA_LONG, 40);
            long at = 0;
            while (at + CMSG_HEADER <= length) {
                long size = control.get(JAVA_LONG, at);
                if (size < CMSG_HEADER) {
                    return;
                }
                boolean rights =
                        control.get(JAVA_INT, at + 8) == UnixSockets.SOL_SOCKET
                                && control.get(JAVA_INT, at + 12) == SCM_RIGHTS;
                for (long i = at + CMSG_HEADER; rights && i + 4 <= at + size; i += 4) {
                    onFd.accept(control.get(JAVA_INT, i));
                }
                at += (size + 7) / 8 * 8;
            }
        }

        private int result(String what, long result) throws IOException {
            if (result >= 0) {
                return (int) result;
            }
            int code = Libc.errno(errno);
            if (code == EAGAIN || code == EINTR) {
                return -1;
            }
            throw new IOException(code == EPIPE ? CLOSED : what + ": " + Libc.message(code));
        }
    }

    private static final class SocketPair {
        private static final MethodHandle CALL =
                Libc.function(
                        "socketpair",
                        Libc.ints(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS),
                        Libc.KEEP_ERRNO);
    }

    private static final class GetSockOpt {
        private static final MethodHandle CALL =
                Libc.function(
                        "getsockopt",
                        Libc.ints(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS),
                        Libc.KEEP_ERRNO);
    }

    private static final class Shutdown {
        private static final MethodHandle CALL =
                Libc.function("shutdown", Libc.ints(JAVA_INT, JAVA_INT), Libc.KEEP_ERRNO);
    }

    private static final class SendMsg {
        private static final MethodHandle CALL =
                Libc.function(
                        "sendmsg",
                        FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT),
                        Libc.KEEP_ERRNO);
    }

    private static final class RecvMsg {
        private static final MethodHandle CALL =
                Libc.function(
                        "recvmsg",
                        FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT),
                        Libc.KEEP_ERRNO);
    }
}
