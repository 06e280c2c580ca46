package io.pgdoorman.tls;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Something with an end in a file of TLS. Threads: immutable.
 *
 * @param subject of a certificate; empty for a revocation list
 * @param issuer of either
 * @param begin when it became valid, or a list was made
 * @param end when a certificate expires, or when the next revocation list is due
 */
public record TlsExpiry(
        Path file, Kind kind, String subject, String issuer, Instant begin, Instant end) {
    private static final Duration CERTIFICATE_WARNING = Duration.ofDays(30);

    /** Lists are made every few days or hours. */
    private static final Duration CRL_WARNING = Duration.ofDays(3);

    private static final int CRL_WARNING_PART = 4;

    /** What ends. */
    public enum Kind {
        CERTIFICATE,
        AUTHORITY,
        CRL
    }

    static TlsExpiry of(Path file, Kind kind, X509Certificate certificate) {
        return new TlsExpiry(
                file,
                kind,
                certificate.getSubjectX500Principal().getName(),
                certificate.getIssuerX500Principal().getName(),
                certificate.getNotBefore().toInstant(),
                certificate.getNotAfter().toInstant());
    }

    /**
     * @param list that says when the next is due
     */
    static TlsExpiry of(Path file, X509CRL list) {
        return new TlsExpiry(
                file,
                Kind.CRL,
                "",
                list.getIssuerX500Principal().getName(),
                list.getThisUpdate().toInstant(),
                list.getNextUpdate().toInstant());
    }

    /** What an operator should know at {@code now}, a sentence. */
    public Optional<String> warning(Instant now) {
        return Optional.ofNullable(
                        kind == Kind.CRL ? warningOfList(now) : warningOfCertificate(now))
                .map(text -> file + ": " + text);
    }

    private @Nullable String warningOfCertificate(Instant now) {
        String what = "the certificate %s, issued by %s,".formatted(subject, issuer);
        if (end.isBefore(now)) {
            return "%s expired at %s".formatted(what, end);
        }
        if (begin.isAfter(now)) {
            return "%s is not valid before %s".formatted(what, begin);
        }
        return end.isBefore(now.plus(CERTIFICATE_WARNING))
                ? "%s expires at %s".formatted(what, end)
                : null;
    }

    private @Nullable String warningOfList(Instant now) {
        if (end.isBefore(now)) {
            return "the revocation list of %s expired at %s; what was revoked since is not known"
                    .formatted(issuer, end);
        }
        Duration part = Duration.between(begin, end).dividedBy(CRL_WARNING_PART);
        Duration ahead = part.compareTo(CRL_WARNING) < 0 ? part : CRL_WARNING;
        return end.isBefore(now.plus(ahead))
                ? "the revocation list of %s expires at %s, and there is no next one yet"
                        .formatted(issuer, end)
                : null;
    }
}
