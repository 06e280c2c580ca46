package io.pgdoorman.runtime;

import io.pgdoorman.backend.ServerTls;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.ServerTlsConfig;
import io.pgdoorman.config.ServerTlsMode;
import io.pgdoorman.config.TlsMode;
import io.pgdoorman.session.ClientTls;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.tls.TlsContext.PeerCertificate;
import io.pgdoorman.tls.TlsFiles;
import io.pgdoorman.tls.TlsFilesException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * TLS as one configuration wants it, with what its files held when they were read. Two are equal if
 * they do the same, so a reload sees a new certificate in an old file.
 *
 * <p>Threads: immutable.
 *
 * @param servers by what pools say; one context for all that say the same
 * @param warnings what an operator should know, a sentence each
 */
record TlsSetup(ClientTls clients, Map<ServerTlsConfig, ServerTls> servers, List<String> warnings) {

    /**
     * Reads the files.
     *
     * @throws StartException one of them cannot be used; the message names it and says why
     */
    static TlsSetup of(Config config) {
        List<String> warnings = new ArrayList<>();
        try {
            ClientTls clients = clients(config.general().tls(), warnings);
            Map<ServerTlsConfig, ServerTls> servers = new HashMap<>();
            for (PoolConfig pool : config.pools().values()) {
                if (!servers.containsKey(pool.serverTls())) {
                    servers.put(pool.serverTls(), server(pool.serverTls(), warnings));
                }
            }
            return new TlsSetup(clients, Map.copyOf(servers), List.copyOf(warnings));
        } catch (TlsFilesException e) {
            throw new StartException(StartException.CONFIG, String.valueOf(e.getMessage()));
        }
    }

    /** The same, but contexts that do the same as {@code present} are those of it. */
    TlsSetup keeping(TlsSetup present) {
        Map<ServerTlsConfig, ServerTls> kept = new HashMap<>(servers);
        kept.replaceAll(
                (said, made) -> {
                    ServerTls old = present.servers.get(said);
                    return old != null && old.equals(made) ? old : made;
                });
        return new TlsSetup(
                clients.equals(present.clients) ? present.clients : clients,
                Map.copyOf(kept),
                warnings);
    }

    /**
     * Loads the library, for whatever is likely to need it.
     *
     * @return this
     * @throws StartException it cannot be loaded, or does not take the certificates
     */
    TlsSetup prepare() {
        try {
            if (clients.context().isPresent()) {
                clients.context().get().prepare();
            }
            for (ServerTls server : servers.values()) {
                if (server.first().isPresent()) {
                    server.first().get().prepare();
                }
            }
            return this;
        } catch (TlsFilesException e) {
            throw new StartException(StartException.CONFIG, String.valueOf(e.getMessage()));
        }
    }

    boolean doesAs(TlsSetup other) {
        return clients.equals(other.clients) && servers.equals(other.servers);
    }

    /** Whether connections with TLS are likely. */
    boolean isExpected() {
        return clients.context().isPresent()
                || servers.values().stream().anyMatch(one -> one.first().isPresent());
    }

    ServerTls server(PoolConfig pool) {
        return Objects.requireNonNull(servers.get(pool.serverTls()));
    }

    /** When the certificate that clients see ends. */
    Optional<Instant> clientsExpire() {
        return clients.context().flatMap(context -> context.files().expires());
    }

    private static ClientTls clients(GeneralConfig.Tls tls, List<String> warnings)
            throws TlsFilesException {
        if (tls.mode() == TlsMode.DISABLE || tls.certificate().isEmpty()) {
            return new ClientTls(tls.mode(), Optional.empty());
        }
        TlsFiles files = TlsFiles.read(tls.certificate(), tls.privateKey(), tls.caCert());
        warnings.addAll(files.warnings());
        PeerCertificate peer =
                tls.caCert().isEmpty()
                        ? PeerCertificate.NONE
                        : tls.mode() == TlsMode.VERIFY_FULL
                                ? PeerCertificate.TRUSTED
                                : PeerCertificate.OPTIONAL;
        return new ClientTls(tls.mode(), Optional.of(TlsContext.forClients(files, peer)));
    }

    private static ServerTls server(ServerTlsConfig tls, List<String> warnings)
            throws TlsFilesException {
        if (tls.mode() == ServerTlsMode.DISABLE) {
            return ServerTls.OFF;
        }
        PeerCertificate peer =
                switch (tls.mode()) {
                    case DISABLE, ALLOW, PREFER, REQUIRE -> PeerCertificate.NONE;
                    case VERIFY_CA -> PeerCertificate.TRUSTED;
                    case VERIFY_FULL -> PeerCertificate.TRUSTED_AND_NAMED;
                };
        TlsFiles files = TlsFiles.read(tls.certificate(), tls.privateKey(), tls.caCert());
        warnings.addAll(files.warnings());
        return new ServerTls(tls.mode(), Optional.of(TlsContext.forServers(files, peer)));
    }
}
