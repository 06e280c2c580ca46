package io.pgdoorman.tls;

import io.pgdoorman.tls.UntrustedException.Fault;

import org.jspecify.annotations.Nullable;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.Set;

/**
 * The path from a peer's certificate to a root, found and checked as OpenSSL does it for libpq and
 * PostgreSQL: it ends at a self-signed certificate of the file of authorities; what else is in the
 * file may only stand between. Every certificate of the path counts with its dates, the root's too,
 * and a self-signed certificate that stands in the file itself is one that is trusted.
 *
 * <p>The JDK's own trust manager believes whatever stands in the file, for ever.
 *
 * <p>Threads: immutable.
 */
final class TrustPath {
    /** More than chains have; and a peer that sends thousands of certificates costs no more. */
    private static final int MAX_LENGTH = 10;

    private final PeerKind peer;
    private final List<X509Certificate> roots;
    private final List<X509Certificate> others;

    TrustPath(List<X509Certificate> authorities, PeerKind peer) {
        this.peer = peer;
        this.roots = authorities.stream().filter(TrustPath::isSelfSigned).toList();
        this.others = authorities.stream().filter(one -> !roots.contains(one)).toList();
    }

    /** Whether its own key has signed it. */
    static boolean isSelfSigned(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
                && hasSigned(certificate, certificate);
    }

    private static boolean hasSigned(X509Certificate issuer, X509Certificate subject) {
        try {
            subject.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /**
     * Finds the path and checks it.
     *
     * @param chain of the peer, its own certificate first
     * @return from the peer's certificate to the root
     */
    List<X509Certificate> of(X509Certificate[] chain, Instant now) throws CertificateException {
        List<X509Certificate> path = find(chain, now);
        validate(path, now);
        checkUsage(path);
        return path;
    }

    private List<X509Certificate> find(X509Certificate[] chain, Instant now)
            throws CertificateException {
        List<X509Certificate> sent =
                List.of(chain).subList(0, Math.min(chain.length, MAX_LENGTH)).stream()
                        .filter(one -> !isSelfSigned(one)) // no way leads on from there
                        .toList();
        List<X509Certificate> path = new ArrayList<>();
        path.add(chain[0]);
        while (!roots.contains(path.getLast())) {
            X509Certificate issuer = path.size() == MAX_LENGTH ? null : issuer(path, sent, now);
            if (issuer == null) {
                throw unknown(path);
            }
            path.add(issuer);
        }
        return path;
    }

    /** Those that are valid before others, and those of the file before those that were sent. */
    private @Nullable X509Certificate issuer(
            List<X509Certificate> path, List<X509Certificate> sent, Instant now) {
        X509Certificate subject = path.getLast();
        List<X509Certificate> candidates = new ArrayList<>(roots);
        candidates.addAll(others);
        candidates.addAll(sent);
        return candidates.stream()
                .filter(
                        one ->
                                one.getSubjectX500Principal()
                                        .equals(subject.getIssuerX500Principal()))
                .filter(one -> !path.contains(one))
                .sorted(Comparator.comparingInt(one -> isValid(one, now) ? 0 : 1))
                .filter(one -> hasSigned(one, subject))
                .findFirst()
                .orElse(null);
    }

    private static boolean isValid(X509Certificate certificate, Instant now) {
        return !now.isBefore(certificate.getNotBefore().toInstant())
                && !now.isAfter(certificate.getNotAfter().toInstant());
    }

    private UntrustedException unknown(List<X509Certificate> path) {
        X509Certificate shown = path.getFirst();
        X509Certificate last = path.getLast();
        String why;
        if (isSelfSigned(shown)) {
            why = "is self-signed and not in " + peer.authorities();
        } else if (path.size() == 1) {
            why = "is of no authority in " + peer.authorities();
        } else {
            why =
                    "is of no authority in %s: the issuer of %s is not there, which is %s"
                            .formatted(peer.authorities(), name(last), issuerName(last));
        }
        return refused(path, why, Fault.UNKNOWN_AUTHORITY);
    }

    /** The root stands in the path, not above it: so it is checked as all others are. */
    private void validate(List<X509Certificate> path, Instant now) throws CertificateException {
        X509Certificate root = path.getLast();
        var anchor =
                new TrustAnchor(
                        root.getSubjectX500Principal(), root.getPublicKey(), /* names */ null);
        try {
            var parameters = new PKIXParameters(Set.of(anchor));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPathValidator.getInstance("PKIX")
                    .validate(
                            CertificateFactory.getInstance("X.509").generateCertPath(path),
                            parameters);
        } catch (CertPathValidatorException e) {
            throw fault(path, e);
        } catch (CertificateException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw new CertificateException("the certificate cannot be checked: " + e, e);
        }
    }

    private UntrustedException fault(List<X509Certificate> path, CertPathValidatorException found) {
        int at = Math.max(0, found.getIndex());
        X509Certificate one = path.get(at);
        CertPathValidatorException.Reason reason = found.getReason();
        String what;
        Fault fault;
        if (reason == CertPathValidatorException.BasicReason.EXPIRED) {
            what = "expired at " + one.getNotAfter().toInstant();
            fault = Fault.EXPIRED;
        } else if (reason == CertPathValidatorException.BasicReason.NOT_YET_VALID) {
            what = "is not valid before " + one.getNotBefore().toInstant();
            fault = Fault.NOT_YET_VALID;
        } else if (reason == PKIXReason.NOT_CA_CERT || reason == PKIXReason.INVALID_KEY_USAGE) {
            what = "is not the certificate of an authority";
            fault = Fault.NO_AUTHORITY;
        } else {
            what = "is refused: " + found.getMessage();
            fault = Fault.OTHER;
        }
        UntrustedException said = at(path, at, what, fault);
        said.initCause(found);
        return said;
    }

    /** As OpenSSL does for the purposes sslserver and sslclient. */
    private void checkUsage(List<X509Certificate> path) throws CertificateException {
        for (int i = 0; i < path.size(); i++) {
            List<String> extended = path.get(i).getExtendedKeyUsage();
            boolean[] usage = i == 0 ? path.get(i).getKeyUsage() : null;
            if ((extended != null && !peer.allows(extended))
                    || (usage != null && !peer.allows(usage))) {
                throw at(
                        path,
                        i,
                        "is not one for TLS " + peer.plural() + " by its key usage",
                        Fault.WRONG_USAGE);
            }
        }
    }

    private UntrustedException at(List<X509Certificate> path, int at, String what, Fault fault) {
        X509Certificate one = path.get(at);
        boolean ofFile = roots.contains(one) || others.contains(one);
        String where = ofFile ? peer.authorities() : peer.own();
        return refused(
                path,
                (at == 0
                                ? what
                                : "is not trusted: the certificate %s above it %s"
                                        .formatted(name(one), what))
                        + "; see "
                        + where,
                fault);
    }

    static UntrustedException refused(List<X509Certificate> path, String why, Fault fault) {
        return new UntrustedException(
                fault,
                "the certificate %s, issued by %s, %s"
                        .formatted(name(path.getFirst()), issuerName(path.getFirst()), why));
    }

    static String name(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }

    private static String issuerName(X509Certificate certificate) {
        return certificate.getIssuerX500Principal().getName();
    }
}
