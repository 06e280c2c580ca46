package io.pgdoorman.migrate;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;

/**
 * No configuration can be made. The message says what is wrong, where, and what to do; it may have
 * several lines and has no secret.
 */
public final class MigrationException extends Exception {
    private static final long serialVersionUID = 1L;

    public MigrationException(String message) {
        super(message);
    }

    /** A file that cannot be read or written, as {@code what} says. */
    public static MigrationException ofFile(String what, IOException failed) {
        return new MigrationException(what + ": " + reason(failed));
    }

    private static String reason(IOException failed) {
        return switch (failed) {
            case NoSuchFileException _ -> "no such file or directory";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException e -> Objects.requireNonNullElse(e.getReason(), "it failed");
            default -> Objects.requireNonNullElse(failed.getMessage(), failed.toString());
        };
    }
}
