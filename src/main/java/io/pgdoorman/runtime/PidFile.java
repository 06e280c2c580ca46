package io.pgdoorman.runtime;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The file that names the process which serves: one path through all handovers, one owner at a
 * time.
 *
 * <p>The predecessor {@linkplain #release releases} it and the successor {@linkplain #acquire
 * acquires} it before the predecessor ends, so whoever reads it finds a living process that serves
 * or is about to pass that on. A clean end {@linkplain #close removes} it; a file whose process is
 * gone tells of a crash.
 *
 * <p>Two files, because one cannot do both:
 *
 * <ul>
 *   <li>FILE itself is put in place by rename. A reader, most likely a shell that reads byte by
 *       byte, finds the old pid or the new one, never nothing and never half of each, as it might
 *       after a write over the old content or in a file just created.
 *   <li>FILE.lock holds the lock and nothing else. It cannot be FILE, which becomes another inode
 *       with each rename. It stays when FILE is removed: otherwise two processes could hold the
 *       lock, one of them that of a removed file. Left without a lock it means nothing.
 * </ul>
 *
 * <p>The lock is Java's, hence one of fcntl: the kernel takes it back when the process ends in
 * whatever way, so a stale file is told from a live one without guessing at its pid; children do
 * not inherit it. But it is lost when the process closes <em>any</em> descriptor of FILE.lock. So a
 * process has one object for a path, and nobody has a reason to open that file.
 *
 * <p>Threads: any, because every method holds this object's monitor. They block on the file system.
 */
final class PidFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PidFile.class);

    /** More than any pid and its line feed. */
    private static final int MAX_BYTES = 24;

    private final Path file;
    private final long pid;

    /** Holds the lock; null while it is released. */
    private @Nullable FileChannel lock;

    private PidFile(Path file, long pid) {
        this.file = file;
        this.pid = pid;
    }

    /**
     * Takes the lock and lets the file name {@code pid}. What a process left that is gone is
     * replaced.
     *
     * @param pid this process as those who read the file see it
     * @throws IOException another process has the lock, or the files cannot be written; the message
     *     is for the operator
     */
    static PidFile acquire(Path path, long pid) throws IOException {
        var pidFile = new PidFile(path.toAbsolutePath(), pid);
        pidFile.acquire();
        return pidFile;
    }

    /** Gives the lock up and leaves the file, which the successor takes over. */
    synchronized void release() {
        if (lock == null) {
            return;
        }
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("the lock of the pid file {} could not be closed", file, e);
        }
        lock = null;
    }

    /**
     * After {@link #release}, when the successor has failed and this process goes on.
     *
     * @throws IOException as for {@link #acquire(Path, long)}
     */
    synchronized void takeBack() throws IOException {
        if (lock == null) {
            acquire();
        }
    }

    /**
     * The clean end: removes the file if it still names this process. So it does after {@link
     * #release}, too, if the successor keeps a file of its own somewhere else.
     */
    @Override
    public synchronized void close() {
        try {
            if (namesThisProcess()) {
                if (lock == null) {
                    lock = lock(file).orElse(null); // else the successor is just about to write
                }
                if (lock != null && namesThisProcess()) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            LOG.warn("cannot remove the pid file {}: {}; remove it by hand", file, e.toString());
        }
        release();
    }

    private synchronized void acquire() throws IOException {
        try {
            refuseUnlessRegular(file);
            lock = lock(file).orElse(null);
            if (lock == null) {
                throw new IOException(
                        "the pid file %s belongs to %s: stop that one first, or choose another file"
                                .formatted(file, holder()));
            }
            write();
        } catch (FileSystemException e) {
            release();
            throw new IOException(
                    "cannot write the pid file %s: %s".formatted(file, advice(file, e)), e);
        } catch (IOException | RuntimeException e) {
            release();
            throw e;
        }
    }

    /** Opens and locks the lock file, without waiting; empty if another process has the lock. */
    private static Optional<FileChannel> lock(Path file) throws IOException {
        Path path = sibling(file, ".lock");
        refuseUnlessRegular(path);
        FileChannel channel =
                FileChannel.open(
                        path,
                        Set.of(
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ, // so that opening a pipe would not block
                                StandardOpenOption.WRITE,
                                LinkOption.NOFOLLOW_LINKS),
                        // Whoever may read it may hold a shared lock and so keep us out.
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
            return locked ? Optional.of(channel) : Optional.empty();
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    private String holder() throws IOException {
        return read(file)
                .map(text -> "process " + text.strip() + ", which runs")
                .orElse("another process, which runs and has not written its pid yet");
    }

    private boolean namesThisProcess() throws IOException {
        return read(file).equals(Optional.of(line()));
    }

    /** Replaces the file in one step. Only for the holder of the lock, so nobody else does this. */
    private void write() throws IOException {
        Path next = sibling(file, ".new");
        Files.deleteIfExists(next); // left by a process that was killed between here and the rename
        try (FileChannel out =
                FileChannel.open(
                        next,
                        EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            out.write(StandardCharsets.US_ASCII.encode(line()));
        }
        // Not at the creation, where the umask would take from it.
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The content, if there is a file and it is of a plausible length. */
    private static Optional<String> read(Path file) throws IOException {
        try (FileChannel in =
                FileChannel.open(
                        file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            var content = ByteBuffer.allocate(MAX_BYTES);
            int length = in.read(content);
            return length <= 0 || length == MAX_BYTES
                    ? Optional.empty()
                    : Optional.of(StandardCharsets.US_ASCII.decode(content.flip()).toString());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static void refuseUnlessRegular(Path file) throws IOException {
        try {
            var attributes =
                    Files.readAttributes(
                            file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                throw new IOException(
                        "%s is %s and cannot be used for the pid file: remove it, or choose another file"
                                .formatted(file, kind(attributes)));
            }
        } catch (NoSuchFileException e) {
            // will be created
        }
    }

    private static String kind(BasicFileAttributes attributes) {
        if (attributes.isSymbolicLink()) {
            return "a symbolic link";
        }
        return attributes.isDirectory() ? "a directory" : "no regular file";
    }

    private static String advice(Path file, FileSystemException e) {
        return switch (e) {
            case NoSuchFileException _ ->
                    "there is no directory %s, create it".formatted(file.getParent());
            case AccessDeniedException _ ->
                    "permission denied; the directory %s and files left in it must be writable for this user"
                            .formatted(file.getParent());
            case FileSystemException other ->
                    other.getReason() == null ? other.toString() : other.getReason();
        };
    }

    private static Path sibling(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    private String line() {
        return pid + "\n";
    }
}
