package io.pgdoorman.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.internal.tcnative.SSLContext;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.reflect.Field;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;

/**
 * Opens handshakes of one kind: with clients, or with the PostgreSQL of one pool. It has no
 * sessions to resume, as PostgreSQL has none.
 *
 * <p>Threads: any.
 */
public final class TlsContext {
    /** Of PostgreSQL, since its version 17. */
    private static final ApplicationProtocolConfig ALPN =
            new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    "postgresql");

    private static final Duration HANDSHAKE_LIMIT = Duration.ofMinutes(1);
    private static final char[] NO_PASSWORD = {};

    /** What a peer has to show. */
    public enum PeerCertificate {
        /** Nothing, and nothing is checked. */
        NONE,
        /** A client may show one, which is checked then. */
        OPTIONAL,
        /** One of the authorities must have signed it. */
        TRUSTED,
        /** The same, and it must be that of the host that is connected to. */
        TRUSTED_AND_NAMED
    }

    /** One handshake that begins. */
    record Opening(SslHandler handler, ReferenceCountedOpenSslEngine engine, KeyLog log) {}

    private final TlsFiles files;
    private final PeerCertificate peer;
    private final boolean ofServers;
    private final SslContextBuilder builder;

    /** Made for the first handshake: the library takes its time to load. */
    private volatile @Nullable ReferenceCountedOpenSslContext context;

    /** Of the handshakes under way, by BoringSSL's address of the connection. */
    private final Map<Long, KeyLog> logs = new ConcurrentHashMap<>();

    private TlsContext(
            TlsFiles files, PeerCertificate peer, boolean ofServers, SslContextBuilder builder) {
        this.files = files;
        this.peer = peer;
        this.ofServers = ofServers;
        this.builder = builder;
    }

    /**
     * Makes the first handshake as quick as the others, and sure to find the library.
     *
     * @return this
     */
    public TlsContext prepare() throws TlsFilesException {
        context();
        return this;
    }

    private synchronized ReferenceCountedOpenSslContext context() throws TlsFilesException {
        ReferenceCountedOpenSslContext made = context;
        if (made == null) {
            made = build();
            context = made;
        }
        return made;
    }

    private ReferenceCountedOpenSslContext build() throws TlsFilesException {
        if (!OpenSsl.isAvailable()) {
            throw new TlsFilesException(
                    "the TLS library could not be loaded", OpenSsl.unavailabilityCause());
        }
        ReferenceCountedOpenSslContext made;
        try {
            made =
                    (ReferenceCountedOpenSslContext)
                            builder.sslProvider(SslProvider.OPENSSL)
                                    .protocols("TLSv1.2", "TLSv1.3")
                                    .ciphers(TlsSuite.names(), SupportedCipherSuiteFilter.INSTANCE)
                                    .applicationProtocolConfig(ALPN)
                                    .build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new TlsFilesException("TLS cannot be set up: " + e.getMessage(), e);
        }
        made.sessionContext().setSessionCacheEnabled(false);
        SSLContext.setNumTickets(handle(made), 0);
        SSLContext.setKeyLogCallback(
                handle(made),
                (ssl, line) -> {
                    KeyLog log = logs.get(ssl);
                    if (log != null) {
                        log.add(line);
                    }
                });
        return made;
    }

    /**
     * What tcnative's calls take. Not what context() and sslCtxPointer() return: with these they
     * crash the process.
     */
    private static long handle(ReferenceCountedOpenSslContext context) {
        try {
            Field handle = ReferenceCountedOpenSslContext.class.getDeclaredField("ctx");
            handle.setAccessible(true);
            return handle.getLong(context);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this build does not fit its Netty library", e);
        }
    }

    /**
     * For connections of clients.
     *
     * @param files with a certificate, and authorities unless {@code peer} is NONE
     */
    public static TlsContext forClients(TlsFiles files, PeerCertificate peer)
            throws TlsFilesException {
        SslContextBuilder builder =
                SslContextBuilder.forServer(keys(files))
                        .clientAuth(
                                switch (peer) {
                                    case NONE -> ClientAuth.NONE;
                                    case OPTIONAL -> ClientAuth.OPTIONAL;
                                    case TRUSTED, TRUSTED_AND_NAMED -> ClientAuth.REQUIRE;
                                });
        if (peer != PeerCertificate.NONE) {
            builder.trustManager(authorities(files));
        }
        return new TlsContext(files, peer, false, builder);
    }

    /**
     * For connections to PostgreSQL.
     *
     * @param files with authorities unless {@code peer} is NONE
     */
    public static TlsContext forServers(TlsFiles files, PeerCertificate peer)
            throws TlsFilesException {
        SslContextBuilder builder = SslContextBuilder.forClient();
        if (!files.chain().isEmpty()) {
            builder.keyManager(keys(files));
        }
        if (peer == PeerCertificate.NONE) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        } else {
            builder.trustManager(authorities(files));
        }
        builder.endpointIdentificationAlgorithm(
                peer == PeerCertificate.TRUSTED_AND_NAMED ? "HTTPS" : "");
        return new TlsContext(files, peer, true, builder);
    }

    private static X509Certificate[] authorities(TlsFiles files) {
        return files.authorities().toArray(X509Certificate[]::new);
    }

    private static KeyManagerFactory keys(TlsFiles files) throws TlsFilesException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setKeyEntry(
                    "key",
                    Objects.requireNonNull(files.key()),
                    NO_PASSWORD,
                    files.chain().toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, NO_PASSWORD);
            return new OpenSslCachingX509KeyManagerFactory(factory);
        } catch (GeneralSecurityException | IOException e) {
            throw new TlsFilesException("the private key cannot be used: " + e.getMessage(), e);
        }
    }

    public TlsFiles files() {
        return files;
    }

    /** Equal are those that do the same. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TlsContext that
                && files.equals(that.files)
                && peer == that.peer
                && isOfServers() == that.isOfServers();
    }

    @Override
    public int hashCode() {
        return files.hashCode() + peer.hashCode();
    }

    boolean isOfServers() {
        return ofServers;
    }

    /**
     * @param host that is connected to; empty for a client's connection
     */
    Opening open(ByteBufAllocator alloc, String host, int port) {
        ReferenceCountedOpenSslContext made = context;
        if (made == null) {
            try {
                made = context();
            } catch (TlsFilesException e) {
                throw new IllegalStateException(e);
            }
        }
        var engine =
                (ReferenceCountedOpenSslEngine)
                        (host.isEmpty()
                                ? made.newEngine(alloc)
                                : made.newEngine(alloc, host, port));
        var log = new KeyLog();
        logs.put(engine.sslPointer(), log);
        var handler = new SslHandler(engine);
        // Whoever waits for the handshake has a limit of its own.
        handler.setHandshakeTimeoutMillis(HANDSHAKE_LIMIT.toMillis());
        return new Opening(handler, engine, log);
    }

    /** The handshake is over. Before its engine is released. */
    void forget(long ssl) {
        KeyLog log = logs.remove(ssl);
        if (log != null) {
            log.destroy();
        }
    }
}
