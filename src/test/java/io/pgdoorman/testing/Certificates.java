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
 *   ca.crt          signs all but server-other, which other-ca.crt does, and server-p521
 *   server          localhost, 127.0.0.1; EC, and server-rsa; keys in several forms
 *   server-p521     localhost; signs itself
 *   server-elsewhere of another host; server-expired
 *   client          CN=app,O=tests
 *   revoking-ca.crt signs good and revoked, which are for localhost; revoking-ca.crl lists the latter,
 *                   and so does revoking-ca-expired.crl; unknown-ca.crl is empty and of another
 *   chain-root.crt  signs chain-intermediate, which signs chain-leaf, which is for localhost;
 *                   chain-both has the last two. chain.crl is of both authorities, and in
 *                   chain-revoked.crl the intermediate is revoked. It signs early, too, which is
 *                   valid from 2099 on
 *   chain-root-expired.crt signs chain-of-expired
 *   pinned          signed by itself and no authority, and yet it has signed pinned-child;
 *                   pinned-expired
 *   ed25519, ed448, secp256k1 signed by themselves, with keys of their kind
 *   named           one.example.org, *.wild.example.org
 *   server-secret   the key of server with the passphrase "mouse trap"; -des3 and -old, which are not
 *                   supported
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
