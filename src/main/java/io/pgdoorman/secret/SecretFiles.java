package io.pgdoorman.secret;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** Reads files with secrets, none of which is large. Blocks. Threads: no state. */
final class SecretFiles {
    private static final int MAX_BYTES = 1 << 20;

    private static final Set<PosixFilePermission> OF_OTHERS =
            Set.of(
                    PosixFilePermission.GROUP_READ,
                    PosixFilePermission.GROUP_WRITE,
                    PosixFilePermission.GROUP_EXECUTE,
                    PosixFilePermission.OTHERS_READ,
                    PosixFilePermission.OTHERS_WRITE,
                    PosixFilePermission.OTHERS_EXECUTE);

    private SecretFiles() {}

    static byte[] bytes(Path file) throws SecretException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new SecretException(file + ": is not a plain file"); // reading a pipe may hang
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new SecretException(file + ": is larger than " + MAX_BYTES + " bytes");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new SecretException(file + ": there is no such file", e);
        } catch (AccessDeniedException e) {
            throw new SecretException(file + ": may not be read by this process", e);
        } catch (IOException e) {
            throw new SecretException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    static String text(Path file) throws SecretException {
        return text(bytes(file), file.toString());
    }

    /**
     * Decodes UTF-8.
     *
     * @param from for the exception
     */
    static String text(byte[] bytes, String from) throws SecretException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            // Without the cause: it would show a part.
            throw new SecretException(from + ": is not UTF-8 text");
        }
    }

    /** Up to the first line end; a password has none. */
    static String firstLine(String text, String from) throws SecretException {
        String line = text.lines().findFirst().orElse("");
        if (line.isEmpty()) {
            throw new SecretException(from + ": the first line is empty");
        }
        if (line.indexOf('\0') >= 0) {
            throw new SecretException(from + ": the first line contains a NUL");
        }
        return line;
    }

    /** Who but the owner may do something with the file; null if nobody. */
    static @Nullable String looseness(Path file) {
        try {
            return Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)
                    ? file + ": group or others have access to it (chmod 0600)"
                    : null;
        } catch (IOException | UnsupportedOperationException e) {
            return null; // reading it says what is wrong with it
        }
    }

    /** As {@link #looseness}, if everybody may read it; a group may be meant to. */
    static @Nullable String publicity(Path file) {
        try {
            return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)
                    ? "%1$s: holds a password and everybody on this machine can read it (chmod o-rwx %1$s)"
                            .formatted(file)
                    : null;
        } catch (IOException | UnsupportedOperationException e) {
            return null;
        }
    }
}
