package io.pgdoorman.lookup;

import io.pgdoorman.config.Secret;
import io.pgdoorman.config.ServerTlsConfig;
import io.pgdoorman.tls.JdkContext;
import io.pgdoorman.tls.PassphraseCommand;
import io.pgdoorman.tls.TlsFiles;
import io.pgdoorman.tls.TlsFilesException;
import io.pgdoorman.tls.TlsPaths;

import org.postgresql.PGProperty;
import org.postgresql.ssl.WrappedFactory;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;

/**
 * TLS of the driver with the files of {@code server_tls_*}, read for each connection. The driver's
 * own takes keys in other forms only, and other authorities where none are given. Whether the name
 * is right the driver checks. Threads: immutable.
 */
public final class LookupTls extends WrappedFactory {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** The driver calls it with the properties of the connection. */
    public LookupTls(Properties connection) throws GeneralSecurityException {
        String mode = String.valueOf(PGProperty.SSL_MODE.getOrDefault(connection));
        try {
            String argument = String.valueOf(PGProperty.SSL_FACTORY_ARG.getOrDefault(connection));
            String[] more = argument.split("\n", 2);
            TlsFiles files =
                    TlsFiles.read(
                            new TlsPaths(
                                    path(PGProperty.SSL_CERT, connection),
                                    path(PGProperty.SSL_KEY, connection),
                                    path(PGProperty.SSL_ROOT_CERT, connection),
                                    more[0].isEmpty()
                                            ? Optional.empty()
                                            : Optional.of(Path.of(more[0])),
                                    more[1].isEmpty()
                                            ? Optional.empty()
                                            : Optional.of(new PassphraseCommand(more[1], LIMIT))));
            factory = JdkContext.forServers(files, mode.startsWith("verify")).getSocketFactory();
        } catch (TlsFilesException e) {
            throw new GeneralSecurityException(e.getMessage(), e);
        }
    }

    /** What the driver has no properties for: revocation lists and the passphrase's command. */
    static String argument(ServerTlsConfig tls) {
        String lists = tls.verifies() ? tls.crl().map(Path::toString).orElse("") : "";
        return lists + "\n" + tls.passphraseCommand().map(Secret::reveal).orElse("");
    }

    private static Optional<Path> path(PGProperty property, Properties connection) {
        return Optional.ofNullable(property.getOrDefault(connection)).map(Path::of);
    }
}
