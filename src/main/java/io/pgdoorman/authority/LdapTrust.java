package io.pgdoorman.authority;

import io.pgdoorman.tls.JdkContext;
import io.pgdoorman.tls.TlsFiles;
import io.pgdoorman.tls.TlsFilesException;
import io.pgdoorman.tls.TlsPaths;
import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;

/**
 * Whom servers' certificates must be signed by: the authorities of a file, which is read again when
 * it has changed, else those the Java runtime trusts. Threads: any.
 */
final class LdapTrust {
    private record Made(Bytes file, SSLSocketFactory factory) {}

    private final Optional<Path> file;

    /** The last, written and read by any thread; whichever it is, its content is looked at. */
    private volatile @Nullable Made made;

    LdapTrust(Optional<Path> file) {
        this.file = file;
    }

    /** Makes sockets with TLS whose peers' certificates are verified, but for the name. */
    SSLSocketFactory sockets() throws AuthorityException {
        try {
            if (file.isEmpty()) {
                return SSLContext.getDefault().getSocketFactory();
            }
            byte[] content = Files.readAllBytes(file.get());
            Made last = made;
            if (last == null || !last.file.equals(Bytes.copyOf(content))) {
                TlsFiles files = TlsFiles.read(TlsPaths.ofAuthorities(file.get()));
                SSLSocketFactory factory = JdkContext.forDirectories(files).getSocketFactory();
                last = new Made(Bytes.copyOf(content), factory);
                made = last;
            }
            return last.factory;
        } catch (TlsFilesException e) {
            throw new AuthorityException(String.valueOf(e.getMessage()));
        } catch (IOException | GeneralSecurityException e) {
            throw new AuthorityException(
                    "%s: %s".formatted(file.map(Path::toString).orElse("TLS"), e));
        }
    }
}
