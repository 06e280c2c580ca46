package io.pgdoorman.net;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/**
 * Waits on a Unix path, in a directory nobody else can enter, for processes of the same user.
 * Threads: one accepts; any may close.
 */
public final class PeerListener implements AutoCloseable {
    private static final int BACKLOG = 16;
    private static final String PRIVATE = "rwx------";

    private final int fd;
    private final Path path;
    private final Object key;
    private volatile boolean closed;

    /**
     * Two ends of a socket; closing the second wakes who waits. A thread that went on waiting would
     * hold up the end of the process: HotSpot gives threads in native code 300 ms to come back.
     */
    private final int[] wake;

    private PeerListener(int fd, Path path, Object key) throws IOException {
        this.fd = fd;
        this.path = path;
        this.key = key;
        this.wake = PeerSocket.descriptorPair();
    }

    /**
     * Listens.
     *
     * @param path its directory is made if it is missing, with mode 0700; a socket nobody listens
     *     on is replaced
     * @throws IOException also if the directory is another user's or others may enter it, or
     *     somebody listens there already
     */
    public static PeerListener bind(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (directory == null) {
            throw new IOException(path + " has no directory");
        }
        preparePrivate(directory);
        if (Files.exists(path)) {
            if (isServed(path)) {
                throw new IOException(path + ": another process listens there");
            }
            Files.delete(path);
        }
        int fd = UnixSockets.socket();
        try {
            UnixSockets.bind(fd, path);
            UnixSockets.listen(fd, BACKLOG);
            return new PeerListener(fd, path, fileKey(path));
        } catch (IOException e) {
            UnixSockets.close(fd);
            throw e;
        }
    }

    /** Goes on listening on a socket another process bound to {@code path}. Takes {@code fd}. */
    public static PeerListener adopt(int fd, Path path) throws IOException {
        try {
            // Again: who connects is told the pid of the process that called this last.
            UnixSockets.listen(fd, BACKLOG);
            return new PeerListener(fd, path, fileKey(path));
        } catch (IOException e) {
            UnixSockets.close(fd);
            throw e;
        }
    }

    /** Connects to a listener. */
    public static PeerSocket connect(Path path) throws IOException {
        int fd = UnixSockets.socket();
        try {
            UnixSockets.connect(fd, path);
            return new PeerSocket(fd);
        } catch (IOException e) {
            UnixSockets.close(fd);
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /** The listening descriptor; stays this object's. */
    public int fd() {
        return fd;
    }

    /**
     * Waits for the next process; one of another user is turned away.
     *
     * @throws SocketTimeoutException none came in time
     */
    public PeerSocket accept(Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            requireOpen();
            UnixSockets.await(fd, UnixSockets.POLLIN, wake[0], deadline);
            requireOpen();
            PeerSocket socket = new PeerSocket(UnixSockets.accept(fd));
            try {
                if (socket.peer().uid() == Posix.geteuid()) {
                    return socket;
                }
            } catch (IOException e) {
                socket.close();
                throw e;
            }
            socket.close();
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException(path + " is closed");
        }
    }

    /** Closes, and removes the path if the file is still this socket's. */
    @Override
    public void close() {
        try {
            if (key.equals(fileKey(path))) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // it is gone already
        }
        closeAfterHandover();
    }

    /** Closes this process's descriptor only; {@link #accept} ends. */
    public synchronized void closeAfterHandover() {
        if (!closed) {
            closed = true;
            UnixSockets.close(wake[1]);
            UnixSockets.close(wake[0]);
            UnixSockets.close(fd);
        }
    }

    private static boolean isServed(Path path) {
        try (PeerSocket _ = connect(path)) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void preparePrivate(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            Files.createDirectories(
                    directory,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(PRIVATE)));
        }
        PosixFileAttributes attributes =
                Files.getFileAttributeView(directory, PosixFileAttributeView.class)
                        .readAttributes();
        int uid = (int) Files.getAttribute(directory, "unix:uid");
        String mode = PosixFilePermissions.toString(attributes.permissions());
        if (uid != Posix.geteuid() || !mode.equals(PRIVATE)) {
            throw new IOException(
                    "%s must belong to uid %d and have mode 0700, since whoever can connect to a socket there can take over every client; it belongs to uid %d and has %s"
                            .formatted(directory, Posix.geteuid(), uid, mode));
        }
    }

    private static Object fileKey(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino") + "/" + Files.getAttribute(path, "unix:dev");
    }
}
