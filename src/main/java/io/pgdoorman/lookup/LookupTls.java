package io.pgdoorman.lookup;

import io.pgdoorman.tls.JdkContext;
import io.pgdoorman.tls.TlsFiles;
import io.pgdoorman.tls.TlsFilesException;

import org.postgresql.PGProperty;
import org.postgresql.ssl.WrappedFactory;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.Properties;

/**
 * TLS of the driver with the files of {@code server_tls_*}, read for each connection. The driver's
 * own takes keys in other forms only, and other authorities where none are given. Whether the name
 * is right the driver checks. Threads: immutable.
 */
public final class LookupTls extends WrappedFactory {
    /** The driver calls it with the properties of the connection. */
    public LookupTls(Properties connection) throws GeneralSecurityException {
        String mode = String.valueOf(PGProperty.SSL_MODE.getOrDefault(connection));
        try {
            TlsFiles files =
                    TlsFiles.read(
                            path(PGProperty.SSL_CERT, connection),
                            path(PGProperty.SSL_KEY, connection),
                            path(PGProperty.SSL_ROOT_CERT, connection));
            factory = JdkContext.forServers(files, mode.startsWith("verify")).getSocketFactory();
        } catch (TlsFilesException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
    }

    private static Optional<Path> path(PGProperty property, Properties connection) {
        return Optional.ofNullable(property.getOrDefault(connection)).map(Path::of);
    }
}
