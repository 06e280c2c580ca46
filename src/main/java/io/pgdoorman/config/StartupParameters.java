package io.pgdoorman.config;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Rules for parameters a server is given at its login. Names are compared without case; those that
 * PostgreSQL reports keep its spelling, all others become lower case.
 *
 * <p>Threads: any thread, because it has no state.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE">StartupMessage</a>
 */
final class StartupParameters {
    static final String APPLICATION_NAME = "application_name";

    /** What one layer may take, with room left for user, database and the like. */
    static final int BUDGET_BYTES = 9_488;

    /** PostgreSQL's MAX_STARTUP_PACKET_LENGTH. */
    static final int PACKET_BYTES = 10_000;

    private static final List<String> TRACKED =
            List.of(
                    "client_encoding",
                    "DateStyle",
                    "IntervalStyle",
                    "TimeZone",
                    "standard_conforming_strings",
                    APPLICATION_NAME);
    private static final Set<String> RESERVED =
            Set.of("user", "database", "replication", "options", "role", "session_authorization");
    private static final String PROTOCOL_PREFIX = "_pq_.";
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*");

    private StartupParameters() {}

    /** The rules for one layer. */
    static void check(Map<String, String> layer, Key.Rule rule) {
        var spellings = new LinkedHashMap<String, String>();
        layer.forEach(
                (name, value) -> {
                    checkName(name, rule);
                    if (value.indexOf('\0') >= 0) {
                        rule.error("value for '%s' contains a null byte".formatted(shown(name)));
                    }
                    String other = spellings.putIfAbsent(canonical(name), name);
                    if (other != null) {
                        rule.error(
                                "'%s' and '%s' are the same parameter; keep one"
                                        .formatted(shown(other), shown(name)));
                    }
                });
        int size = size(layer);
        if (size > BUDGET_BYTES) {
            rule.error(
                    "serialized size %d bytes exceeds the budget of %d"
                            .formatted(size, BUDGET_BYTES));
        }
    }

    private static void checkName(String name, Key.Rule rule) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (name.isEmpty()) {
            rule.error("empty key");
        } else if (RESERVED.contains(lower)) {
            rule.error("'%s' is reserved and managed by pg_doorman".formatted(name));
        } else if (lower.startsWith(PROTOCOL_PREFIX)) {
            rule.error(
                    "'%s' uses the reserved '%s' prefix".formatted(shown(name), PROTOCOL_PREFIX));
        } else if (!NAME.matcher(name).matches()) {
            rule.error(
                    "'%s' is not a valid parameter name (expected %s)"
                            .formatted(shown(name), NAME.pattern()));
        }
    }

    /** Both layers under canonical names; the second wins. */
    static Map<String, String> merged(Map<String, String> general, Map<String, String> pool) {
        var all = new LinkedHashMap<String, String>();
        general.forEach((name, value) -> all.put(canonical(name), value));
        pool.forEach((name, value) -> all.put(canonical(name), value));
        return all;
    }

    /** Bytes of the pairs in a StartupMessage. */
    static int size(Map<String, String> parameters) {
        return parameters.entrySet().stream()
                .mapToInt(e -> bytes(e.getKey()) + 1 + bytes(e.getValue()) + 1)
                .sum();
    }

    /** Bytes of the whole packet; {@code parameters} has the application name. */
    static int packetSize(String user, String database, Map<String, String> parameters) {
        int header = Integer.BYTES + Integer.BYTES;
        return header + size(Map.of("user", user, "database", database)) + size(parameters) + 1;
    }

    static String canonical(String name) {
        for (String tracked : TRACKED) {
            if (tracked.equalsIgnoreCase(name)) {
                return tracked;
            }
        }
        return name.toLowerCase(Locale.ROOT);
    }

    private static String shown(String name) {
        return KeyPath.join("", name);
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
