package io.pgdoorman.tls;

import io.pgdoorman.tls.UntrustedException.Fault;

import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Takes no certificate that its authority has revoked, after others have found it good. As in
 * PostgreSQL each certificate of the path is looked up, the root too, and each authority of it
 * needs a list; unlike there, a list that has expired still counts, for what it names stays
 * revoked.
 *
 * <p>Not the JDK's check, which knows no such lists, and would look for others by network. Threads:
 * immutable.
 */
final class RevocationCheck {
    private final List<X509CRL> lists;
    private final PeerKind peer;

    RevocationCheck(List<X509CRL> lists, PeerKind peer) {
        this.lists = List.copyOf(lists);
        this.peer = peer;
    }

    /**
     * @param path from the peer's certificate to the root
     */
    void check(List<X509Certificate> path) throws CertificateException {
        for (int i = 0; i < path.size(); i++) {
            // the root is its own issuer
            checkOne(path, path.get(i), path.get(Math.min(i + 1, path.size() - 1)));
        }
    }

    private void checkOne(
            List<X509Certificate> path, X509Certificate subject, X509Certificate issuer)
            throws CertificateException {
        boolean listed = false;
        for (X509CRL list : lists) {
            if (list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())
                    && hasSigned(issuer, list)) {
                listed = true;
                X509CRLEntry entry = list.getRevokedCertificate(subject);
                if (entry != null) {
                    throw revoked(path, subject, entry);
                }
            }
        }
        if (!listed) {
            throw TrustPath.refused(
                    path,
                    "is refused: there is no revocation list of %s in %s"
                            .formatted(TrustPath.name(issuer), peer.revocations()),
                    Fault.NO_REVOCATION_LIST);
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

    private UntrustedException revoked(
            List<X509Certificate> path, X509Certificate subject, X509CRLEntry entry) {
        String reason =
                entry.getRevocationReason() == null ? "" : ", " + entry.getRevocationReason();
        String above =
                subject.equals(path.getFirst())
                        ? ""
                        : "is not trusted: the certificate %s above it, "
                                .formatted(TrustPath.name(subject));
        return TrustPath.refused(
                path,
                "%sserial number %s, was revoked at %s%s; see %s"
                        .formatted(
                                above,
                                subject.getSerialNumber().toString(16),
                                entry.getRevocationDate().toInstant(),
                                reason,
                                peer.revocations()),
                Fault.REVOKED);
    }
}
