package io.pgdoorman.admin;

import io.pgdoorman.tls.TlsExpiry;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * SHOW TLS: the certificates and revocation lists of the files in use, and when they end; those of
 * a file that end first come first. Threads: no state.
 */
final class ShowTls {
    private ShowTls() {}

    /**
     * @param all by side
     */
    static Table of(Map<String, Set<TlsExpiry>> all, Instant now) {
        Table table =
                Table.of(
                        "file",
                        "side",
                        "kind",
                        "subject",
                        "issuer",
                        "not_before",
                        "not_after",
                        "days_left:n");
        new TreeMap<>(all)
                .forEach((side, ends) -> sorted(ends).forEach(end -> add(table, side, end, now)));
        return table;
    }

    private static List<TlsExpiry> sorted(Set<TlsExpiry> ends) {
        return ends.stream()
                .sorted(
                        Comparator.comparing(TlsExpiry::file)
                                .thenComparing(TlsExpiry::end)
                                .thenComparing(TlsExpiry::subject))
                .toList();
    }

    private static void add(Table table, String side, TlsExpiry one, Instant now) {
        table.row(
                one.file(),
                side,
                one.kind().name().toLowerCase(Locale.ROOT),
                one.subject().isEmpty() ? null : one.subject(),
                one.issuer(),
                one.begin(),
                one.end(),
                Math.floorDiv(Duration.between(now, one.end()).toSeconds(), 86_400L));
    }
}
