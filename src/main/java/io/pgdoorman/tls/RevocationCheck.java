package io.pgdoorman.tls;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;

import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

import javax.security.auth.x500.X500Principal;

/**
 * Takes no certificate that its authority has revoked, after others have found it good. As in
 * PostgreSQL each authority of the chain needs a list; unlike there, a list that has expired still
 * counts, for what it names stays revoked.
 *
 * <p>Not the JDK's check, which knows no such lists, and would look for others by network. Threads:
 * immutable.
 */
final class RevocationCheck {
    private static final int MAX_CHAIN = 10;

    private final List<X509Certificate> authorities;
    private final List<X509CRL> lists;

    RevocationCheck(TlsFiles files) {
        this.authorities = files.authorities();
        this.lists = files.revocations();
    }

    /**
     * @param chain of the peer, its own certificate first
     */
    void check(X509Certificate[] chain) throws CertificateException {
        X509Certificate subject = chain[0];
        for (int i = 0; i < MAX_CHAIN && !authorities.contains(subject); i++) {
            X509Certificate issuer = issuer(subject, chain);
            checkOne(subject, issuer);
            subject = issuer;
        }
        if (!authorities.contains(subject)) {
            throw new CertificateException("the chain of certificates is too long");
        }
    }

    private X509Certificate issuer(X509Certificate subject, X509Certificate[] chain)
            throws CertificateException {
        List<X509Certificate> candidates = new ArrayList<>(authorities);
        candidates.addAll(List.of(chain));
        X500Principal name = subject.getIssuerX500Principal();
        for (X509Certificate candidate : candidates) {
            if (candidate.getSubjectX500Principal().equals(name) && hasSigned(candidate, subject)) {
                return candidate;
            }
        }
        throw new OpenSslCertificateException(
                "the issuer of %s is not known".formatted(name(subject)),
                CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT);
    }

    private static boolean hasSigned(X509Certificate issuer, X509Certificate subject) {
        try {
            subject.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private void checkOne(X509Certificate subject, X509Certificate issuer)
            throws CertificateException {
        boolean listed = false;
        for (X509CRL list : lists) {
            if (list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())
                    && hasSigned(issuer, list)) {
                listed = true;
                X509CRLEntry entry = list.getRevokedCertificate(subject);
                if (entry != null) {
                    throw revoked(subject, entry);
                }
            }
        }
        if (!listed) {
            throw new OpenSslCertificateException(
                    "there is no revocation list of %s for %s"
                            .formatted(name(issuer), name(subject)),
                    CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_CRL);
        }
    }

    private static boolean hasSigned(X509Certificate issuer, X509CRL list) {
        try {
            list.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static CertificateException revoked(X509Certificate subject, X509CRLEntry entry) {
        String reason =
                entry.getRevocationReason() == null ? "" : ", " + entry.getRevocationReason();
        return new OpenSslCertificateException(
                "the certificate %s, serial number %s, was revoked at %s%s"
                        .formatted(
                                name(subject),
                                subject.getSerialNumber().toString(16),
                                entry.getRevocationDate().toInstant(),
                                reason),
                CertificateVerifier.X509_V_ERR_CERT_REVOKED);
    }

    private static String name(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }
}
