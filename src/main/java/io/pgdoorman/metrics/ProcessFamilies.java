package io.pgdoorman.metrics;

import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.PoolRow;
import io.pgdoorman.admin.SocketCounts;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.session.Rejection;
import io.pgdoorman.session.Sessions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The process, its build and its listeners. Threads: confined to the page's lock. */
final class ProcessFamilies {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessFamilies.class);

    /** Counting sockets reads tables of the whole machine. */
    private static final Duration SOCKETS_KEPT = Duration.ofSeconds(15);

    private final AdminHost host;
    private final MetricsSource source;
    private Map<String, Long> sockets = Map.of();
    private long socketsNanos;

    ProcessFamilies(AdminHost host, MetricsSource source) {
        this.host = host;
        this.source = source;
    }

    void collect(Families out, List<PoolRow> rows) {
        out.info("pg_doorman_build_info", "Version of the program.")
                .add(1, "version", host.version());
        users(out);
        out.gauge("pg_doorman_log_level", "Filter of the log, as a label.")
                .add(1, "level", host.logLevel());
        out.counter(
                        "pg_doorman_log_lines_lost_total",
                        "Lines of the log that could not be written, or not in time.")
                .add(host.lostLogLines());
        out.gauge("pg_doorman_total_memory", "Resident memory of the process in bytes.")
                .add(ProcStatus.residentBytes());
        connections(out);
        Family kinds = out.gauge("pg_doorman_sockets", "Sockets of the process by kind.");
        sockets().forEach((kind, count) -> kinds.add(count, "type", kind));
        clients(out, rows);
    }

    private void users(Families out) {
        Family users =
                out.gauge("pg_doorman_users_configured", "One for each user of the configuration.");
        for (PoolConfig pool : host.config().pools().values()) {
            for (UserConfig user : pool.users()) {
                users.add(
                        1,
                        "user",
                        user.username(),
                        "database",
                        pool.name(),
                        "pool_mode",
                        user.poolMode().name().toLowerCase(Locale.ROOT));
            }
        }
    }

    private void connections(Families out) {
        Sessions sessions = host.sessions();
        Family total =
                out.counter(
                        "pg_doorman_connections_total",
                        "Connections of clients: logged in (plain, tls), cancel requests, and all"
                                + " that were accepted.");
        Family gauge =
                out.gauge(
                        "pg_doorman_connection_count",
                        "Deprecated, use pg_doorman_connections_total.");
        Sessions.Counts counts = sessions.counts();
        Map.of(
                        "plain", counts.logins() - counts.secureLogins(),
                        "tls", counts.secureLogins(),
                        "cancel", counts.cancelRequests(),
                        "total", counts.accepted())
                .forEach(
                        (type, count) -> {
                            total.add(count, "type", type);
                            gauge.add(count, "type", type);
                        });
        Family rejections =
                out.counter(
                        "pg_doorman_listener_rejections_total",
                        "Clients turned away before their authentication, by reason.");
        for (Rejection reason : Rejection.values()) {
            rejections.add(sessions.rejected(reason), "reason", reason.text());
        }
        out.counter(
                        "pg_doorman_logins_refused_total",
                        "Connections that ended with an error before their login was through, for"
                                + " whatever reason.")
                .add(counts.refused());
    }

    private void clients(Families out, List<PoolRow> rows) {
        Sessions sessions = host.sessions();
        out.gauge("pg_doorman_clients", "Connections of clients, by state of their login.")
                .add(sessions.logins().size(), "state", "login")
                .add(rows.stream().mapToInt(PoolRow::clients).sum(), "state", "logged_in");
        out.gauge("pg_doorman_clients_max", "The setting max_connections.")
                .add(sessions.settings().maxConnections());
        out.gauge(
                        "pg_doorman_held_messages_bytes",
                        "Messages of clients held in memory, which max_memory_usage limits.")
                .add(sessions.heldBytes());
        out.gauge("pg_doorman_draining", "1 while the process takes no new clients and ends.")
                .add(source.isDraining() ? 1 : 0);
    }

    private Map<String, Long> sockets() {
        long now = System.nanoTime();
        if (sockets.isEmpty() || now - socketsNanos > SOCKETS_KEPT.toNanos()) {
            try {
                sockets = SocketCounts.byKind();
                socketsNanos = now;
            } catch (IOException | RuntimeException e) {
                LOG.debug("sockets cannot be counted", e);
            }
        }
        return sockets;
    }
}
