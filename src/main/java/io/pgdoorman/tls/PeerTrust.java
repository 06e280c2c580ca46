package io.pgdoorman.tls;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.pgdoorman.tls.UntrustedException.Fault;

import org.jspecify.annotations.Nullable;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Whether a peer's certificate is good: its path to a root, revocation lists if there are any, and
 * its host where the connection is to be of one. What is wrong is said so that the peer gets the
 * alert that OpenSSL would send, and an operator knows certificate, issuer, reason and setting.
 *
 * <p>Threads: immutable.
 */
final class PeerTrust extends X509ExtendedTrustManager {
    private final PeerKind peer;
    private final List<X509Certificate> authorities;
    private final TrustPath paths;
    private final @Nullable RevocationCheck revocations;
    private final InstantSource clock;

    /**
     * @param files with authorities
     */
    PeerTrust(TlsFiles files, PeerKind peer) {
        this(files, peer, InstantSource.system());
    }

    PeerTrust(TlsFiles files, PeerKind peer, InstantSource clock) {
        this.peer = peer;
        this.authorities = files.authorities();
        this.paths = new TrustPath(authorities, peer);
        this.revocations =
                files.revocations().isEmpty()
                        ? null
                        : new RevocationCheck(files.revocations(), peer);
        this.clock = clock;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        List<X509Certificate> path = paths.of(chain, clock.instant());
        if (revocations != null) {
            revocations.check(path);
        }
    }

    /**
     * @param parameters of the connection, which say whether the host counts
     * @param host that is connected to
     */
    private void check(X509Certificate[] chain, SSLParameters parameters, @Nullable String host)
            throws CertificateException {
        check(chain);
        String rules = parameters.getEndpointIdentificationAlgorithm();
        if (rules == null || rules.isEmpty()) {
            return;
        }
        HostNames names = HostNames.of(chain[0]);
        if (host == null || !names.matches(host)) {
            throw TrustPath.refused(
                    List.of(chain),
                    "is for %s, not for %s; see %s".formatted(names, host, peer.own()),
                    Fault.WRONG_HOST);
        }
    }

    @Override
    public void checkClientTrusted(
            X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        try {
            check(chain);
        } catch (UntrustedException e) {
            throw told(e, engine);
        }
    }

    @Override
    public void checkServerTrusted(
            X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        try {
            if (engine == null) {
                check(chain);
            } else {
                check(chain, engine.getSSLParameters(), engine.getPeerHost());
            }
        } catch (UntrustedException e) {
            throw told(e, engine);
        }
    }

    /** The JDK's engines have no use for the codes of a library that may not be loaded. */
    private static CertificateException told(UntrustedException found, @Nullable SSLEngine engine) {
        return engine instanceof ReferenceCountedOpenSslEngine ? found.withAlert() : found;
    }

    @Override
    public void checkClientTrusted(
            X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(
            X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        if (socket instanceof SSLSocket tls) {
            SSLSession session = tls.getHandshakeSession();
            check(chain, tls.getSSLParameters(), session == null ? null : session.getPeerHost());
        } else {
            check(chain);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authorities.toArray(X509Certificate[]::new);
    }
}
