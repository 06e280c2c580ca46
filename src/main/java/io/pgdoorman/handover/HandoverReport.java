package io.pgdoorman.handover;

import java.time.Duration;
import java.util.Locale;

/**
 * What a handover moved and what it cost.
 *
 * <p>Threads: immutable.
 *
 * @param idleSessions clients that held no server
 * @param linkedSessions clients that took their server along
 * @param waitingSessions clients that waited for a server
 * @param logins clients that were not logged in yet
 * @param servers idle servers, or such without a client
 * @param refused clients the successor would not take: their pool is gone
 * @param bytes of state
 * @param longestPause of any client, from its freeze to Commit
 * @param p99Pause 99 of 100 clients paused no longer
 * @param total from the signal to the end
 */
public record HandoverReport(
        int idleSessions,
        int linkedSessions,
        int waitingSessions,
        int logins,
        int servers,
        int refused,
        long bytes,
        Duration longestPause,
        Duration p99Pause,
        Duration total) {
    public int sessions() {
        return idleSessions + linkedSessions + waitingSessions;
    }

    /** One line for the log. */
    public String text() {
        return String.format(
                Locale.ROOT,
                "%d clients moved (%d idle, %d with their server, %d waiting), %d logins, %d other"
                        + " servers, %d refused, %,d bytes of state, longest pause %.1f ms, p99 %.1f"
                        + " ms, total %.3f s",
                sessions(),
                idleSessions,
                linkedSessions,
                waitingSessions,
                logins,
                servers,
                refused,
                bytes,
                longestPause.toNanos() / 1e6,
                p99Pause.toNanos() / 1e6,
                total.toNanos() / 1e9);
    }
}
