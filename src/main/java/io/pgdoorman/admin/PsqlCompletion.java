package io.pgdoorman.admin;

import io.pgdoorman.wire.SqlState;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Answers the queries by which psql completes SHOW and SET. Threads: no state. */
final class PsqlCompletion {
    private static final List<String> LEVELS =
            List.of("error", "warn", "info", "debug", "trace", "off", "default");

    private PsqlCompletion() {}

    /**
     * @throws ConsoleException it is another query
     */
    static Console.Result answer(List<CommandLexer.Word> words, List<String> names)
            throws ConsoleException {
        String text =
                words.stream()
                        .map(CommandLexer.Word::text)
                        .collect(Collectors.joining(" "))
                        .toLowerCase(Locale.ROOT);
        if (!text.contains("pg_catalog.pg_settings")) {
            throw new ConsoleException(
                    SqlState.SYNTAX_ERROR,
                    "Unsupported query against the admin database",
                    "This is the console of the pooler; SHOW HELP lists its commands.");
        }
        Table table;
        if (text.contains("unnest(enumvals)")) {
            table = Table.of("val");
            LEVELS.forEach(table::row);
        } else if (text.contains("vartype")) {
            table = Table.of("vartype").row("enum");
        } else if (text.contains("context")) {
            table = Table.of("name").row("log_level");
        } else {
            table = Table.of("name");
            names.forEach(name -> table.row(name.toLowerCase(Locale.ROOT)));
        }
        return new Console.Result(table, "SELECT");
    }
}
