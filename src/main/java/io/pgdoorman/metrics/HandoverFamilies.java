package io.pgdoorman.metrics;

import io.pgdoorman.handover.Phase;
import io.pgdoorman.handover.Report;

/** The replacement of the program. Threads: no state. */
final class HandoverFamilies {
    private static final double NANOS = 1e9;

    private final MetricsSource source;

    HandoverFamilies(MetricsSource source) {
        this.source = source;
    }

    void collect(Families out) {
        HandoverState state = source.handover();
        Family phases =
                out.gauge(
                        "pg_doorman_handover_phase",
                        "1 for the phase a handover to another process is in.");
        for (Phase phase : Phase.values()) {
            phases.add(phase == state.phase() ? 1 : 0, "phase", phase.text());
        }
        out.counter(
                        "pg_doorman_handover_failures_total",
                        "Handovers of this process to another that came to nothing.")
                .add(state.failures());
        Family clients =
                out.gauge(
                        "pg_doorman_handover_clients",
                        "Clients that came with the handover by which this process began.");
        Family servers = out.gauge("pg_doorman_handover_servers", "Servers that came with it.");
        Family pause =
                out.gauge("pg_doorman_handover_pause_seconds", "How long its clients stood still.");
        out.histogram(
                        "pg_doorman_handover_client_pause_seconds",
                        "How long clients stood still in handovers, one for each client and"
                                + " handover, of all processes so far.")
                .add(state.pauses());
        Family duration =
                out.gauge("pg_doorman_handover_duration_seconds", "How long it took in all.");
        state.began().ifPresent(report -> add(report, clients, servers, pause, duration));
    }

    private static void add(
            Report report, Family clients, Family servers, Family pause, Family duration) {
        clients.add(report.idle(), "state", "idle");
        clients.add(report.waiting(), "state", "waiting");
        clients.add(report.active(), "state", "active");
        clients.add(report.inTransaction(), "state", "in_transaction");
        clients.add(report.logins(), "state", "login");
        clients.add(report.refused(), "state", "refused");
        servers.add(report.linkedServers(), "state", "linked");
        servers.add(report.idleServers(), "state", "idle");
        pause.add(report.p99Nanos() / NANOS, "stat", "p99");
        pause.add(report.longestNanos() / NANOS, "stat", "max");
        duration.add(report.totalNanos() / NANOS);
    }
}
