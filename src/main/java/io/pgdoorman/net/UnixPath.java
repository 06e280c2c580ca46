package io.pgdoorman.net;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * The socket file of a Unix listener: made with the right permissions, never taken from a live
 * owner, removed only while it is still ours. Threads: immutable.
 */
final class UnixPath {
    private static final Logger LOG = LoggerFactory.getLogger(UnixPath.class);

    /** sun_path has 108 bytes, one of them for the terminating zero. */
    private static final int MAX_PATH_BYTES = 107;

    private static final int ERRNO_ECONNREFUSED = -111;
    private static final int ALL_BUT_OWNER = 0177;

    private final Path path;
    private final @Nullable Object inode; // device and inode; null if it could not be read

    private UnixPath(Path path) {
        this.path = path;
        inode = inodeOf(path);
    }

    Path path() {
        return path;
    }

    /** The path of a socket that is bound already. */
    static UnixPath ofBound(Path path) {
        return new UnixPath(path);
    }

    /**
     * Binds a socket to the path, which then has exactly these permissions; at no moment were they
     * wider than {@code mode}.
     *
     * <p>The kernel gives the new file the permissions of the socket's own inode minus the umask.
     * So they are narrowed on the socket before the bind: unlike the umask, that does not touch
     * what other threads create meanwhile.
     */
    static UnixPath bind(Socket socket, Path path, int mode) throws IOException {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_PATH_BYTES) {
            throw new IOException(
                    "Unix socket path \"%s\" is too long (%d bytes, at most %d)"
                            .formatted(path, length, MAX_PATH_BYTES));
        }
        removeStale(path);
        bindNarrow(socket, path);
        UnixPath bound = new UnixPath(path);
        try {
            Files.setPosixFilePermissions(path, permissions(mode));
        } catch (IOException e) {
            bound.removeIfOurs();
            throw e;
        }
        return bound;
    }

    /** After this the file exists and only its owner may connect. */
    static void bindNarrow(Socket socket, Path path) throws IOException {
        DomainSocketAddress address = new DomainSocketAddress(path.toString());
        Path own = Path.of("/proc/self/fd/" + socket.intValue());
        if (Files.exists(own)) {
            Files.setPosixFilePermissions(own, permissions(0600));
            socket.bind(address);
            return;
        }
        int before = Posix.umask(ALL_BUT_OWNER); // no /proc here
        try {
            socket.bind(address);
        } finally {
            Posix.umask(before);
        }
    }

    /** Removes the file unless another program has put its own there since. Never throws. */
    void removeIfOurs() {
        if (inode == null || !Objects.equals(inode, inodeOf(path))) {
            return;
        }
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.atWarn()
                    .addKeyValue("path", path)
                    .addKeyValue("reason", e.toString())
                    .log("Unix socket file not removed");
        }
    }

    private static void removeStale(Path path) throws IOException {
        BasicFileAttributes file;
        try {
            file = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return;
        }
        if (!file.isOther()) { // a socket is neither file, directory nor link
            throw new IOException(
                    "Cannot use Unix socket path %s: it exists and is not a socket; refusing to"
                                    .formatted(path)
                            + " remove it");
        }
        if (hasLiveOwner(path)) {
            throw new IOException(
                    "Cannot reuse Unix socket path %s: another process is already listening on %s;"
                                    .formatted(path, path)
                            + " refusing to remove it");
        }
        Files.deleteIfExists(path);
    }

    /** A full backlog and a forbidden path count as alive: only a refusal proves the owner dead. */
    private static boolean hasLiveOwner(Path path) throws IOException {
        Socket probe = Socket.newSocketDomain();
        try {
            probe.connect(new DomainSocketAddress(path.toString()));
            return true;
        } catch (IOException e) {
            return !(e instanceof FileNotFoundException) && !isRefusal(e);
        } finally {
            probe.close();
        }
    }

    /** Netty's exception type for a failed connect is private; the number is in its message. */
    private static boolean isRefusal(IOException e) {
        return String.valueOf(e.getMessage()).contains("(" + ERRNO_ECONNREFUSED + ")");
    }

    private static @Nullable Object inodeOf(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** The bits of a mode; the order of the enum is that of the bits. */
    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        int bit = 0400;
        for (PosixFilePermission permission : PosixFilePermission.values()) {
            if ((mode & bit) != 0) {
                set.add(permission);
            }
            bit >>= 1;
        }
        return set;
    }
}
