package io.pgdoorman.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.internal.tcnative.SSL;
import io.netty.internal.tcnative.SSLContext;
import io.netty.util.concurrent.EventExecutor;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    /** What ALPN calls that of PostgreSQL, since its version 17. */
    static final String PROTOCOL = "postgresql";

    private static final ApplicationProtocolConfig ALPN =
            new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    PROTOCOL);

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

    /**
     * What clients may ask for, and how often.
     *
     * @param suites of TLS 1.2, the best first; those of TLS 1.3 are on in any case
     * @param intervalNanos between two handshakes on one loop; 0 is no limit
     */
    public record Terms(boolean tls13Only, List<TlsSuite> suites, long intervalNanos) {
        /** Everything there is. */
        public static final Terms ALL = new Terms(false, TlsSuite.ofTls12(), 0);

        public Terms {
            suites = List.copyOf(suites);
        }

        private String[] protocols() {
            return tls13Only ? new String[] {"TLSv1.3"} : new String[] {"TLSv1.2", "TLSv1.3"};
        }

        private List<String> ciphers() {
            List<String> names = new ArrayList<>(TlsSuite.namesOfTls13());
            suites.forEach(suite -> names.add(suite.name()));
            return names;
        }
    }

    /** One handshake that begins. */
    record Opening(ReferenceCountedOpenSslEngine engine, KeyLog log) {}

    private final TlsFiles files;

    /** With further certificates, for those who ask for their names. */
    private final List<TlsFiles> more;

    private final PeerCertificate peer;
    private final Terms terms;
    private final boolean ofServers;
    private final SslContextBuilder builder;

    /** Made for the first handshake: the library takes its time to load. */
    private volatile @Nullable ReferenceCountedOpenSslContext context;

    /** Of the handshakes under way, by BoringSSL's address of the connection. */
    private final Map<Long, KeyLog> logs = new ConcurrentHashMap<>();

    private final Map<EventExecutor, HandshakeGate> gates = new ConcurrentHashMap<>();

    private TlsContext(
            TlsFiles files,
            List<TlsFiles> more,
            PeerCertificate peer,
            Terms terms,
            boolean ofServers,
            SslContextBuilder builder) {
        this.files = files;
        this.more = List.copyOf(more);
        this.peer = peer;
        this.terms = terms;
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
                                    .protocols(terms.protocols())
                                    .ciphers(terms.ciphers(), SupportedCipherSuiteFilter.INSTANCE)
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
     * @param more with further certificates, for those who ask for their names
     */
    public static TlsContext forClients(
            TlsFiles files, List<TlsFiles> more, PeerCertificate peer, Terms terms)
            throws TlsFilesException {
        List<TlsFiles> certificates = new ArrayList<>(List.of(files));
        certificates.addAll(more);
        SslContextBuilder builder =
                SslContextBuilder.forServer(keys(certificates))
                        .clientAuth(
                                switch (peer) {
                                    case NONE -> ClientAuth.NONE;
                                    case OPTIONAL -> ClientAuth.OPTIONAL;
                                    case TRUSTED, TRUSTED_AND_NAMED -> ClientAuth.REQUIRE;
                                });
        if (peer != PeerCertificate.NONE) {
            builder.trustManager(new PeerTrust(files, PeerKind.CLIENT));
        }
        return new TlsContext(files, more, peer, terms, false, builder);
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
            builder.keyManager(keys(List.of(files)));
        }
        if (peer == PeerCertificate.NONE) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        } else {
            builder.trustManager(new PeerTrust(files, PeerKind.SERVER));
        }
        builder.endpointIdentificationAlgorithm(
                peer == PeerCertificate.TRUSTED_AND_NAMED ? "HTTPS" : "");
        return new TlsContext(files, List.of(), peer, Terms.ALL, true, builder);
    }

    private static KeyManagerFactory keys(List<TlsFiles> certificates) throws TlsFilesException {
        return new OpenSslCachingX509KeyManagerFactory(new OwnCertificates(certificates).factory());
    }

    /** With the first certificate and the authorities. */
    public TlsFiles files() {
        return files;
    }

    /** Everything in its files that ends. */
    public List<TlsExpiry> expiries() {
        List<TlsExpiry> all = new ArrayList<>(files.expiries());
        more.forEach(one -> all.addAll(one.expiries()));
        return all;
    }

    /** Equal are those that do the same. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TlsContext that
                && files.equals(that.files)
                && more.equals(that.more)
                && terms.equals(that.terms)
                && peer == that.peer
                && isOfServers() == that.isOfServers();
    }

    @Override
    public int hashCode() {
        return files.hashCode() + peer.hashCode();
    }

    /** Of clients. */
    boolean asksForCertificates() {
        return peer != PeerCertificate.NONE;
    }

    /** Where the handshakes of a loop take turns. On that loop. */
    HandshakeGate gate(EventExecutor loop) {
        HandshakeGate made = gates.get(loop);
        if (made == null) {
            made = new HandshakeGate(loop, terms.intervalNanos, System::nanoTime);
            gates.put(loop, made);
        }
        return made;
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
        // For each, because Netty's engines clear what their context says of tickets. Whoever goes
        // on with a ticket of TLS 1.2 would not have its certificate looked at again.
        SSL.setOptions(engine.sslPointer(), SSL.SSL_OP_NO_TICKET);
        var log = new KeyLog();
        logs.put(engine.sslPointer(), log);
        return new Opening(engine, log);
    }

    /** The handshake is over. Before its engine is released. */
    void forget(long ssl) {
        KeyLog log = logs.remove(ssl);
        if (log != null) {
            log.destroy();
        }
    }
}
