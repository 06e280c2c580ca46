package io.pgdoorman.migrate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The right side of a line in {@code [databases]} or {@code [users]}: {@code name=value} pairs,
 * values with blanks in single quotes, a quote in them doubled. Threads: confined to one call.
 */
final class ConnectString {
    private final IniEntry entry;
    private final String text;
    private int at;

    private ConnectString(IniEntry entry) {
        this.entry = entry;
        text = entry.value();
    }

    /** The pairs in order; of two with one name the later counts. */
    static Map<String, String> parse(IniEntry entry) throws MigrationException {
        var reader = new ConnectString(entry);
        Map<String, String> pairs = new LinkedHashMap<>();
        reader.skipBlanks();
        while (reader.at < reader.text.length()) {
            String name = reader.word("=").strip();
            if (name.isEmpty() || reader.at == reader.text.length()) {
                throw reader.broken();
            }
            reader.at++; // the equals sign
            reader.skipBlanks();
            pairs.put(name, reader.value());
            reader.skipBlanks();
        }
        return pairs;
    }

    private String value() throws MigrationException {
        if (at == text.length() || text.charAt(at) != '\'') {
            return word("");
        }
        Optional<Quoted> quoted = Quoted.read(text, at);
        boolean ended =
                quoted.filter(q -> q.end() == text.length() || isBlank(q.end())).isPresent();
        if (!ended) {
            throw broken();
        }
        at = quoted.orElseThrow().end();
        return quoted.orElseThrow().text();
    }

    /** Up to a blank or one of {@code ends}; before an end blanks are skipped. */
    private String word(String ends) throws MigrationException {
        int start = at;
        while (at < text.length() && !isBlank(at) && ends.indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        if (!ends.isEmpty()) {
            skipBlanks();
            if (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
                throw broken();
            }
        }
        return word;
    }

    private void skipBlanks() {
        while (at < text.length() && isBlank(at)) {
            at++;
        }
    }

    private boolean isBlank(int index) {
        return text.charAt(index) <= ' ';
    }

    /** The text is not shown: it may hold a password. */
    private MigrationException broken() {
        return new MigrationException(
                "%s: %s: the connection string is broken at its character %d, expected name=value"
                                .formatted(entry.at(), Printable.of(entry.key()), at + 1)
                        + " or name='value with blanks'");
    }
}
