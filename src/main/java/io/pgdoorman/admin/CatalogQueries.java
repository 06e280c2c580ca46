package io.pgdoorman.admin;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Answers what drivers ask every database as soon as they have connected, and without which they do
 * not connect to the console: its version, and its types (Npgsql: one row each, then the fields of
 * composite types and the labels of enum types, of which there are none). Versions of a driver ask
 * for types in different columns, so each column is answered by its name.
 *
 * <p>Threads: no state.
 */
final class CatalogQueries {
    /** Names and object IDs of types, as every PostgreSQL has them (pg_type.dat). */
    private enum Type {
        BOOL(16),
        BYTEA(17),
        NAME(19),
        INT8(20),
        INT2(21),
        INT4(23),
        TEXT(25),
        OID(26),
        FLOAT4(700),
        FLOAT8(701),
        UNKNOWN(705),
        VARCHAR(1043),
        TIMESTAMP(1114),
        TIMESTAMPTZ(1184),
        NUMERIC(1700);

        private final int oid;

        Type(int oid) {
            this.oid = oid;
        }

        /** Its value in a column; null is NULL, and what a column is given that nobody knows. */
        @Nullable String in(String column) {
            return switch (column) {
                case "nspname" -> "pg_catalog";
                case "oid" -> Integer.toString(oid);
                case "typname" -> name().toLowerCase(Locale.ROOT);
                case "typtype", "type" -> "b";
                case "typnamespace" -> "11";
                case "typnotnull" -> "f";
                case "typrelid", "typbasetype", "elemoid", "ord" -> "0";
                default -> null;
            };
        }
    }

    private CatalogQueries() {}

    /**
     * @param version of this program
     * @return null if it is another query
     */
    static @Nullable Table answer(List<CommandLexer.Word> words, String version) {
        if (words.size() == 2 && lastName(words.get(1)).equals("version()")) {
            return Table.of("version").row("PgDoorman " + version);
        }
        List<String> tables = tables(words);
        if (!tables.contains("pg_type")) {
            return null;
        }
        List<String> columns = columns(words, true);
        Table table = Table.of(columns.toArray(String[]::new));
        if (!tables.contains("pg_enum") && !tables.contains("pg_attribute")) {
            for (Type type : Type.values()) {
                table.row(columns.stream().map(type::in).toArray());
            }
        }
        return table;
    }

    /** Behind FROM and JOIN, without their schema; subqueries are looked into. */
    private static List<String> tables(List<CommandLexer.Word> words) {
        List<String> tables = new ArrayList<>();
        for (int at = 1; at < words.size(); at++) {
            CommandLexer.Word before = words.get(at - 1);
            if (before.is("FROM") || before.is("JOIN")) {
                tables.add(lastName(words.get(at)).replace(")", ""));
            }
        }
        return tables;
    }

    /**
     * The names of the columns of a SELECT: what stands last in each item.
     *
     * @param expand {@code alias.*} stands for the columns of the subquery behind FROM, once: text
     *     that somebody else has written must not decide how deep the stack is
     */
    private static List<String> columns(List<CommandLexer.Word> select, boolean expand) {
        List<String> columns = new ArrayList<>();
        int depth = 0;
        CommandLexer.Word last = select.getFirst();
        for (int at = 1; at < select.size(); at++) {
            CommandLexer.Word word = select.get(at);
            boolean from = depth == 0 && word.is("FROM");
            if (from || (depth == 0 && word.is(","))) {
                Stream<String> names =
                        expand && last.text().endsWith("*")
                                ? columns(subquery(select.subList(at, select.size())), false)
                                        .stream()
                                : Stream.of(lastName(last));
                names.forEach(columns::add);
            }
            if (from) {
                return columns;
            }
            depth += word.quoted() ? 0 : depth(word.text());
            last = word;
        }
        columns.add(lastName(last));
        return columns;
    }

    /** What follows the first SELECT among the words, with it; all of them if there is none. */
    private static List<CommandLexer.Word> subquery(List<CommandLexer.Word> words) {
        for (int at = 0; at < words.size(); at++) {
            if (words.get(at).is("SELECT") || words.get(at).is("(SELECT")) {
                return words.subList(at, words.size());
            }
        }
        return List.of(words.getFirst());
    }

    /** How much deeper in parentheses the next word is. */
    private static int depth(String word) {
        return word.chars().map(c -> c == '(' ? 1 : c == ')' ? -1 : 0).sum();
    }

    private static String lastName(CommandLexer.Word word) {
        String name = word.text().substring(word.text().lastIndexOf('.') + 1);
        return word.quoted() ? name : name.toLowerCase(Locale.ROOT);
    }
}
