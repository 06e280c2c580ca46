package io.pgdoorman.process;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.WireClient;

import java.util.ArrayList;
import java.util.List;

/**
 * Everything of a server's session that a client could find of the one before it, as text to be
 * compared with that of a fresh connection. That PL/pgSQL was loaded is no state of a client.
 * Threads: pure functions.
 */
final class SessionState {
    private static final List<String> PROBES =
            List.of(
                    "SELECT 'user', current_user, session_user",
                    "SELECT 'setting', name, setting, reset_val FROM pg_settings WHERE context IN"
                            + " ('user', 'superuser') AND name NOT LIKE 'plpgsql.%' ORDER BY name",
                    "SELECT 'custom setting', coalesce(current_setting('my.own', true), '')",
                    "SELECT 'temporary relation', relname FROM pg_class WHERE relnamespace ="
                            + " pg_my_temp_schema()",
                    "SELECT 'advisory lock', objid, granted FROM pg_locks WHERE locktype ="
                            + " 'advisory' AND pid = pg_backend_pid()",
                    "SELECT 'channel', pg_listening_channels()",
                    "SELECT 'cursor', name FROM pg_cursors WHERE name <> ''",
                    // The pooler's own are the pool's, not a session's.
                    "SELECT 'prepared statement', name, statement FROM pg_prepared_statements"
                            + " WHERE name NOT LIKE 'DOORMAN\\_%'",
                    "SELECT 'transaction', pg_current_xact_id_if_assigned() IS NULL,"
                            + " current_setting('transaction_isolation')",
                    "SELECT lastval()");

    private SessionState() {}

    /** Asks {@code client} for all of it; one line a row, errors by their SQLSTATE. */
    static List<String> of(WireClient client) {
        var lines = new ArrayList<String>();
        for (String probe : PROBES) {
            for (Message message : client.query(probe)) {
                switch (message.type()) {
                    case 'D' -> lines.add(String.join(" | ", message.columns()));
                    case 'E' -> lines.add("error " + message.sqlState());
                    case 'T', 'C' -> {}
                    default -> lines.add(message.toString());
                }
            }
        }
        return lines;
    }

    /** What {@code found} has that a fresh session has not (+), and what it lacks (-). */
    static List<String> difference(List<String> fresh, List<String> found) {
        var lines = new ArrayList<String>();
        found.stream().filter(line -> !fresh.contains(line)).map("+ "::concat).forEach(lines::add);
        fresh.stream().filter(line -> !found.contains(line)).map("- "::concat).forEach(lines::add);
        return lines;
    }
}
