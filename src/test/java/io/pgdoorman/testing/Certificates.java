package io.pgdoorman.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;

/**
 * Certificates and keys of the tests, valid for a century unless their name says otherwise:
 *
 * <pre>
 *   ca.crt          signs all but server-other, which other-ca.crt does
 *   server          localhost, 127.0.0.1; EC, and server-rsa; keys in several forms
 *   server-elsewhere of another host; server-expired
 *   client          CN=app,O=tests
 * </pre>
 *
 * Threads: any.
 */
public final class Certificates {
    private Certificates() {}

    /** A copy of one in {@code directory}, which its owner alone may read. */
    public static Path copy(String name, Path directory) {
        Path file = directory.resolve(name);
        try (InputStream in = Certificates.class.getResourceAsStream("/tls/" + name)) {
            Files.copy(Objects.requireNonNull(in, name), file, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file.toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
