package io.pgdoorman.metrics;

import io.pgdoorman.admin.PoolRow;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.stats.Totals;
import io.pgdoorman.tls.TlsExpiry;

import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** TLS towards PostgreSQL, and what ends in the files of both sides. Threads: no state. */
final class TlsFamilies {
    private final MetricsSource source;

    TlsFamilies(MetricsSource source) {
        this.source = source;
    }

    void collect(Families out, List<PoolRow> rows) {
        servers(out, rows);
        Family ends =
                out.gauge(
                        "pg_doorman_tls_file_expiry_timestamp_seconds",
                        "When a certificate expires, or the next revocation list is due, in seconds"
                                + " since 1970.");
        source.tlsExpiries()
                .forEach(
                        (side, all) ->
                                soonest(all).forEach((what, end) -> add(ends, side, what, end)));
    }

    private record What(TlsExpiry.Kind kind, Path file) {}

    /** A file may have several of a kind. */
    private static Map<What, Instant> soonest(Set<TlsExpiry> all) {
        Map<What, Instant> soonest = new LinkedHashMap<>();
        for (TlsExpiry one : all) {
            soonest.merge(
                    new What(one.kind(), one.file()), one.end(), (a, b) -> a.isBefore(b) ? a : b);
        }
        return soonest;
    }

    private static void add(Family ends, String side, What what, Instant end) {
        ends.add(
                end.getEpochSecond(),
                "side",
                side,
                "kind",
                what.kind().name().toLowerCase(Locale.ROOT),
                "file",
                what.file().toString());
    }

    private static void servers(Families out, List<PoolRow> rows) {
        Family connections =
                out.gauge(
                        "pg_doorman_server_tls_connections",
                        "Servers whose connection is encrypted.");
        Family durations =
                out.histogram(
                        "pg_doorman_server_tls_handshake_duration_seconds",
                        "How long TLS handshakes with servers took.");
        Family failures =
                out.counter(
                        "pg_doorman_server_tls_handshake_errors_total",
                        "TLS handshakes with servers that failed, and servers without TLS where"
                                + " it is required.");
        for (PoolRow row : rows) {
            String[] labels = {"user", row.pool().user(), "database", row.pool().database()};
            Totals totals = row.pool().stats().totals();
            connections.add(row.encryptedServers(), labels);
            durations.add(totals, Timing.SERVER_TLS, labels);
            failures.add(totals.get(Counter.SERVER_TLS_FAILURES), labels);
        }
    }
}
