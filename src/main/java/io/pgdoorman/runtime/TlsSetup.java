package io.pgdoorman.runtime;

import io.pgdoorman.backend.ServerTls;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.Secret;
import io.pgdoorman.config.ServerTlsConfig;
import io.pgdoorman.config.ServerTlsMode;
import io.pgdoorman.config.ServerTlsNegotiation;
import io.pgdoorman.config.TlsCertificateConfig;
import io.pgdoorman.config.TlsMode;
import io.pgdoorman.config.TlsVersion;
import io.pgdoorman.session.ClientTls;
import io.pgdoorman.tls.PassphraseCommand;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.tls.TlsContext.PeerCertificate;
import io.pgdoorman.tls.TlsExpiry;
import io.pgdoorman.tls.TlsFiles;
import io.pgdoorman.tls.TlsFilesException;
import io.pgdoorman.tls.TlsPaths;
import io.pgdoorman.tls.TlsSuite;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

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
    /** A reload, and signals behind it, wait as long. */
    private static final Duration PASSPHRASE_LIMIT = Duration.ofSeconds(10);

    /**
     * Reads the files.
     *
     * @throws StartException one of them cannot be used; the message names it and says why
     */
    static TlsSetup of(Config config) {
        List<String> warnings = new ArrayList<>();
        try {
            ClientTls clients = clients(config.general(), warnings);
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

    /** Everything in the files that ends; {@code client} or {@code server} is the side. */
    Map<String, Set<TlsExpiry>> expiries() {
        Set<TlsExpiry> ofClients = new LinkedHashSet<>();
        clients.context().ifPresent(context -> ofClients.addAll(context.expiries()));
        Set<TlsExpiry> ofServers = new LinkedHashSet<>();
        for (ServerTls server : servers.values()) {
            server.context().ifPresent(context -> ofServers.addAll(context.expiries()));
        }
        return Map.of("client", ofClients, "server", ofServers);
    }

    /** What ends soon, or has ended, in the files; a sentence each. */
    Set<String> warningsOfEnds(Instant now) {
        Set<String> all = new LinkedHashSet<>();
        expiries()
                .values()
                .forEach(ends -> ends.forEach(one -> one.warning(now).ifPresent(all::add)));
        return all;
    }

    private static ClientTls clients(GeneralConfig general, List<String> warnings)
            throws TlsFilesException {
        GeneralConfig.Tls tls = general.tls();
        if (tls.mode() == TlsMode.DISABLE || tls.certificate().isEmpty()) {
            return new ClientTls(tls.mode(), Optional.empty());
        }
        Optional<PassphraseCommand> passphrase = passphrase(tls.passphraseCommand());
        TlsFiles files =
                read(
                        new TlsPaths(
                                tls.certificate(),
                                tls.privateKey(),
                                tls.caCert(),
                                tls.crl(),
                                passphrase),
                        warnings);
        List<TlsFiles> more = new ArrayList<>();
        for (TlsCertificateConfig one : tls.more()) {
            more.add(read(TlsPaths.of(one.certificate(), one.privateKey(), passphrase), warnings));
        }
        PeerCertificate peer =
                tls.caCert().isEmpty()
                        ? PeerCertificate.NONE
                        : tls.mode().isVerifying()
                                ? PeerCertificate.TRUSTED
                                : PeerCertificate.OPTIONAL;
        var terms =
                new TlsContext.Terms(
                        tls.minVersion() == TlsVersion.TLSV1_3,
                        tls.cipherSuites().stream()
                                .map(suite -> TlsSuite.valueOf(suite.name()))
                                .toList(),
                        interval(tls.rateLimitPerSecond(), general.process().workerThreads()));
        return new ClientTls(
                tls.mode(), Optional.of(TlsContext.forClients(files, more, peer, terms)));
    }

    /** Each loop has its part of the rate, for each gets its part of the clients. */
    private static long interval(int perSecond, int loops) {
        return perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(loops) / perSecond;
    }

    private static TlsFiles read(TlsPaths paths, List<String> warnings) throws TlsFilesException {
        TlsFiles files = TlsFiles.read(paths);
        warnings.addAll(files.warnings());
        return files;
    }

    private static Optional<PassphraseCommand> passphrase(Optional<Secret> command) {
        return command.map(one -> new PassphraseCommand(one.reveal(), PASSPHRASE_LIMIT));
    }

    private static ServerTls server(ServerTlsConfig tls, List<String> warnings)
            throws TlsFilesException {
        if (tls.mode() == ServerTlsMode.DISABLE) {
            return ServerTls.OFF;
        }
        PeerCertificate peer =
                switch (tls.effectiveMode()) {
                    case DISABLE, ALLOW, PREFER, REQUIRE -> PeerCertificate.NONE;
                    case VERIFY_CA -> PeerCertificate.TRUSTED;
                    case VERIFY_FULL -> PeerCertificate.TRUSTED_AND_NAMED;
                };
        if (!tls.verifies()) {
            tls.caCert().ifPresent(file -> warnings.add(unused(file, tls.mode())));
            tls.crl().ifPresent(file -> warnings.add(unused(file, tls.mode())));
        }
        TlsFiles files =
                read(
                        new TlsPaths(
                                tls.certificate(),
                                tls.privateKey(),
                                tls.caCert().filter(_ -> tls.verifies()),
                                tls.crl().filter(_ -> tls.verifies()),
                                passphrase(tls.passphraseCommand())),
                        warnings);
        return new ServerTls(
                tls.effectiveMode(),
                Optional.of(TlsContext.forServers(files, peer)),
                tls.negotiation() == ServerTlsNegotiation.DIRECT);
    }

    private static String unused(Path file, ServerTlsMode mode) {
        return "%s: is not read: server_tls_mode is %s, so no certificate of a server is checked"
                .formatted(file, mode.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
}
