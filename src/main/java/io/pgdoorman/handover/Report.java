package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;

import java.util.Arrays;
import java.util.Locale;

/**
 * What a handover moved and how long clients stood still for it.
 *
 * <p>Threads: immutable.
 *
 * @param idle clients that were doing nothing
 * @param waiting for a server
 * @param active with a query running, or holding a server between two
 * @param inTransaction in an open transaction
 * @param logins not logged in yet
 * @param linkedServers those of clients
 * @param idleServers the others
 * @param refused clients that could not go on: their pool is gone
 * @param batches messages
 * @param bytes of state
 * @param longestNanos of all pauses of clients
 * @param p99Nanos 99 of 100 clients paused no longer
 * @param movingNanos from the first client's stop to the last one's start
 * @param totalNanos from the request on
 */
public record Report(
        int idle,
        int waiting,
        int active,
        int inTransaction,
        int logins,
        int linkedServers,
        int idleServers,
        int refused,
        int batches,
        long bytes,
        long longestNanos,
        long p99Nanos,
        long movingNanos,
        long totalNanos) {
    private static final double MILLI = 1e6;

    public int clients() {
        return idle + waiting + active + inTransaction + logins;
    }

    /** One line for the log. */
    public String text() {
        return String.format(
                Locale.ROOT,
                "%d clients (%d idle, %d waiting, %d active, %d in transaction, %d logging in), %d"
                        + " servers (%d linked, %d idle), %d bytes of state in %d batches; pause of a"
                        + " client at most %.1f ms, p99 %.1f ms; moved in %.0f ms, %.1f s in all",
                clients(),
                idle,
                waiting,
                active,
                inTransaction,
                logins,
                linkedServers + idleServers,
                linkedServers,
                idleServers,
                bytes,
                batches,
                longestNanos / MILLI,
                p99Nanos / MILLI,
                movingNanos / MILLI,
                totalNanos / 1e9);
    }

    Json json() {
        return new Json()
                .put("clients", clients())
                .put("clients_idle", idle)
                .put("clients_waiting", waiting)
                .put("clients_active", active)
                .put("clients_in_transaction", inTransaction)
                .put("logins", logins)
                .put("servers_linked", linkedServers)
                .put("servers_idle", idleServers)
                .put("clients_refused", refused)
                .put("batches", batches)
                .put("bytes", bytes)
                .put("longest_pause_us", longestNanos / 1_000)
                .put("p99_pause_us", p99Nanos / 1_000)
                .put("moving_us", movingNanos / 1_000)
                .put("total_us", totalNanos / 1_000);
    }

    FieldWriter write() {
        return new FieldWriter()
                .put(1, idle)
                .put(2, waiting)
                .put(3, active)
                .put(4, inTransaction)
                .put(5, logins)
                .put(6, linkedServers)
                .put(7, idleServers)
                .put(8, refused)
                .put(9, batches)
                .put(10, bytes)
                .put(11, longestNanos)
                .put(12, p99Nanos)
                .put(13, movingNanos)
                .put(14, totalNanos);
    }

    static Report read(FieldReader in) throws FormatException {
        long[] values = new long[15];
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field < values.length) {
                values[field] = in.number();
            }
        }
        return new Report(
                (int) values[1],
                (int) values[2],
                (int) values[3],
                (int) values[4],
                (int) values[5],
                (int) values[6],
                (int) values[7],
                (int) values[8],
                (int) values[9],
                values[10],
                values[11],
                values[12],
                values[13],
                values[14]);
    }

    /** The value that 99 of 100 do not exceed; sorts {@code values}. */
    static long p99(long[] values) {
        if (values.length == 0) {
            return 0;
        }
        Arrays.sort(values);
        return values[Math.max(0, (int) Math.ceil(values.length * 0.99) - 1)];
    }
}
