package io.pgdoorman.backend;

import java.util.Locale;
import java.util.Set;

/**
 * The statements that carry a client's reported parameters over to another server.
 *
 * <p>Threads: pure functions.
 */
final class ParameterSync {
    /** Reported, but not to be set by a session, or no setting of its own. */
    private static final Set<String> FIXED =
            Set.of(
                    "in_hot_standby",
                    "integer_datetimes",
                    "is_superuser",
                    "server_encoding",
                    "server_version",
                    "session_authorization");

    private ParameterSync() {}

    static boolean isSettable(String name) {
        return !FIXED.contains(name.toLowerCase(Locale.ROOT));
    }

    /** One simple query that makes {@code have} into {@code want}; empty if nothing is to do. */
    static String statements(ParameterSet have, ParameterSet want) {
        var sql = new StringBuilder();
        for (int i = 0; i < want.size(); i++) {
            String name = want.name(i);
            String value = want.value(i);
            if (!isSettable(name) || value.equals(have.get(name))) {
                continue;
            }
            if (!sql.isEmpty()) {
                sql.append(';');
            }
            appendAssignment(sql, name, value);
        }
        return sql.toString();
    }

    /**
     * search_path is reported as the list it is: as one string it only goes back through
     * set_config, which takes any value PostgreSQL itself reported.
     */
    private static void appendAssignment(StringBuilder sql, String name, String value) {
        if (name.equalsIgnoreCase("search_path")) {
            sql.append("SELECT pg_catalog.set_config('search_path',");
            appendLiteral(sql, value);
            sql.append(",false)");
        } else {
            sql.append("SET ").append(name).append(" TO ");
            appendLiteral(sql, value);
        }
    }

    /** An escape string, so that it reads the same with standard_conforming_strings on and off. */
    private static void appendLiteral(StringBuilder sql, String value) {
        boolean escaped = value.indexOf('\\') >= 0;
        sql.append(escaped ? "E'" : "'");
        sql.append((escaped ? value.replace("\\", "\\\\") : value).replace("'", "''"));
        sql.append('\'');
    }
}
