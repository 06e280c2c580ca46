package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits one line of rules into fields, and each field at its commas, the way PostgreSQL does:
 * quotes take away the meaning of blanks, commas, {@code #} and keywords; two quotes inside quotes
 * are one; a blank after a comma does not end the field.
 *
 * <p>Threads: confined to one call.
 */
final class HbaTokens {
    /** A name or word; {@code quoted} ones are never keywords. */
    record Token(String text, boolean quoted) {
        boolean is(String keyword) {
            return !quoted && text.equals(keyword);
        }
    }

    /**
     * The fields of a line.
     *
     * @param complete false if a quote was not closed
     */
    record Line(List<List<Token>> fields, boolean complete) {}

    private final String line;
    private int next;
    private boolean complete = true;

    private HbaTokens(String line) {
        this.line = line;
    }

    static Line split(String line) {
        var tokens = new HbaTokens(line);
        var fields = new ArrayList<List<Token>>();
        while (tokens.skipToToken()) {
            fields.add(tokens.field());
        }
        return new Line(List.copyOf(fields), tokens.complete);
    }

    private List<Token> field() {
        var tokens = new ArrayList<Token>();
        boolean comma = true;
        while (comma && skipToToken()) {
            tokens.add(token());
            comma = next < line.length() && line.charAt(next) == ',';
        }
        return List.copyOf(tokens);
    }

    /** Moves to the next token; false at the end of the line or at a comment. */
    private boolean skipToToken() {
        while (next < line.length()) {
            char c = line.charAt(next);
            if (c == '#') {
                next = line.length();
            } else if (isBlank(c) || c == ',') {
                next++;
            } else {
                return true;
            }
        }
        return false;
    }

    private Token token() {
        var text = new StringBuilder();
        boolean quoted = line.charAt(next) == '"';
        boolean inQuotes = false;
        for (; next < line.length(); next++) {
            char c = line.charAt(next);
            if (!inQuotes && (isBlank(c) || c == ',' || c == '#')) {
                break;
            }
            if (c != '"') {
                text.append(c);
            } else if (inQuotes && next + 1 < line.length() && line.charAt(next + 1) == '"') {
                text.append(c);
                next++;
            } else {
                inQuotes = !inQuotes;
            }
        }
        complete &= !inQuotes;
        return new Token(text.toString(), quoted);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\r';
    }
}
