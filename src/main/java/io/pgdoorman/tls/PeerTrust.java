package io.pgdoorman.tls;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;

import org.jspecify.annotations.Nullable;

import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Whether a peer's certificate is good: the JDK's check, and revocation lists if there are any.
 * Where the JDK says in its own words that it knows no authority, this says it so that the peer
 * gets the alert {@code unknown_ca}, as from OpenSSL, and an operator knows what is meant.
 *
 * <p>Threads: immutable.
 */
final class PeerTrust extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager jdk;
    private final @Nullable RevocationCheck revocations;

    /**
     * @param jdk with the authorities of {@code files}
     */
    PeerTrust(X509ExtendedTrustManager jdk, TlsFiles files) {
        this.jdk = jdk;
        this.revocations = files.revocations().isEmpty() ? null : new RevocationCheck(files);
    }

    private interface Check {
        void run() throws CertificateException;
    }

    private void check(X509Certificate[] chain, Check first) throws CertificateException {
        try {
            first.run();
        } catch (CertificateException e) {
            if (e.getCause() instanceof CertPathBuilderException) {
                throw unknownAuthority(chain, e);
            }
            throw e;
        }
        if (revocations != null) {
            revocations.check(chain);
        }
    }

    private static CertificateException unknownAuthority(
            X509Certificate[] chain, CertificateException found) {
        var said =
                new OpenSslCertificateException(
                        "the certificate %s is of no authority that is trusted: its issuer is %s"
                                .formatted(
                                        chain[0].getSubjectX500Principal().getName(),
                                        chain[chain.length - 1].getIssuerX500Principal().getName()),
                        CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
        said.initCause(found);
        return said;
    }

    @Override
    public void checkClientTrusted(
            X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain, () -> jdk.checkClientTrusted(chain, authType, engine));
    }

    @Override
    public void checkServerTrusted(
            X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain, () -> jdk.checkServerTrusted(chain, authType, engine));
    }

    @Override
    public void checkClientTrusted(
            X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain, () -> jdk.checkClientTrusted(chain, authType, socket));
    }

    @Override
    public void checkServerTrusted(
            X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain, () -> jdk.checkServerTrusted(chain, authType, socket));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check(chain, () -> jdk.checkClientTrusted(chain, authType));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        check(chain, () -> jdk.checkServerTrusted(chain, authType));
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return jdk.getAcceptedIssuers();
    }
}
