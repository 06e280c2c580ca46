package io.pgdoorman.admin;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What drivers send by themselves, to a console too: settings of the session and transactions. It
 * is taken, and changes nothing but what is prepared.
 *
 * <p>Threads: no state.
 */
final class DriverCommands {
    private static final Set<String> SETTINGS =
            Set.of(
                    "application_name",
                    "bytea_output",
                    "client_encoding",
                    "client_min_messages",
                    "datestyle",
                    "extra_float_digits",
                    "idle_in_transaction_session_timeout",
                    "intervalstyle",
                    "lock_timeout",
                    "names",
                    "search_path",
                    "session",
                    "standard_conforming_strings",
                    "statement_timeout",
                    "time",
                    "timezone");

    private DriverCommands() {}

    /** The tag of CommandComplete; null if it is no such command. */
    static @Nullable String tag(List<CommandLexer.Word> words) {
        CommandLexer.Word verb = words.getFirst();
        if (verb.quoted()) {
            return null;
        }
        return switch (verb.text().toUpperCase(Locale.ROOT)) {
            case "BEGIN", "START" -> "BEGIN";
            case "COMMIT", "END" -> "COMMIT";
            case "ROLLBACK", "ABORT" -> "ROLLBACK";
            case "DISCARD" -> "DISCARD ALL";
            case "DEALLOCATE" -> words.getLast().is("ALL") ? "DEALLOCATE ALL" : "DEALLOCATE";
            case "SET" ->
                    words.size() > 1
                                    && SETTINGS.contains(
                                            words.get(1).text().toLowerCase(Locale.ROOT))
                            ? "SET"
                            : null;
            default -> null;
        };
    }

    /**
     * Takes prepared statements away as DEALLOCATE and DISCARD ALL do: drivers whose libpq cannot
     * send a Close do it so, and would come to the limit. For the client's loop.
     */
    static void deallocate(List<CommandLexer.Word> words, ConsoleStatements statements) {
        CommandLexer.Word verb = words.getFirst();
        CommandLexer.Word last = words.getLast();
        boolean one = verb.is("DEALLOCATE");
        if (last.is("ALL") && (one || verb.is("DISCARD"))) {
            statements.closeStatements();
        } else if (one && words.size() > 1) {
            String name = last.text();
            statements.closeStatement(last.quoted() ? name : name.toLowerCase(Locale.ROOT));
        }
    }
}
