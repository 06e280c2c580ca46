package io.pgdoorman.lookup;

/**
 * Turns a query with {@code $1} into one of JDBC. What PostgreSQL does not take for a parameter
 * stays as it is: comments, strings, quoted names. The driver passes over the same.
 *
 * <p>Threads: confined to the call.
 *
 * @see <a href="https://www.postgresql.org/docs/current/sql-syntax-lexical.html">Lexical
 *     Structure</a>
 */
final class JdbcQuery {
    private static final String PARAMETER = "$1";

    /**
     * @param text with {@code ?} in place of each parameter; operators with a question mark are
     *     escaped
     * @param parameters how often the parameter occurs
     */
    record Converted(String text, int parameters) {}

    private final String query;
    private final StringBuilder out;

    /** Of what is not in {@link #out} yet. */
    private int at;

    private int parameters;

    private JdbcQuery(String query) {
        this.query = query;
        this.out = new StringBuilder(query.length());
    }

    static Converted convert(String query) {
        var conversion = new JdbcQuery(query);
        while (conversion.at < query.length()) {
            conversion.next();
        }
        return new Converted(conversion.out.toString(), conversion.parameters);
    }

    private void next() {
        char c = query.charAt(at);
        if (isWordStart(c)) {
            word();
        } else if (c == '\'') {
            copyTo(endOfString(at, false));
        } else if (c == '"') {
            copyTo(after("\"", at + 1)); // a doubled one ends and begins again
        } else if (query.startsWith("--", at)) {
            copyTo(endOfLine(at));
        } else if (query.startsWith("/*", at)) {
            copyTo(endOfComment(at));
        } else if (c == '$') {
            dollar();
        } else {
            out.append(c == '?' ? "??" : String.valueOf(c));
            at++;
        }
    }

    /** A name may contain dollars; the letter E changes the string that it stands before. */
    private void word() {
        int end = at + 1;
        while (end < query.length() && isWordPart(query.charAt(end))) {
            end++;
        }
        boolean escapes =
                end - at == 1
                        && (query.charAt(at) == 'E' || query.charAt(at) == 'e')
                        && query.startsWith("'", end);
        copyTo(escapes ? endOfString(end, true) : end);
    }

    private void dollar() {
        int end = at + 1;
        while (end < query.length() && isDigit(query.charAt(end))) {
            end++;
        }
        if (end > at + 1) {
            if (query.substring(at, end).equals(PARAMETER)) {
                out.append('?');
                parameters++;
                at = end;
            } else {
                copyTo(end);
            }
            return;
        }
        while (end < query.length() && isWordPart(query.charAt(end)) && query.charAt(end) != '$') {
            end++;
        }
        boolean quotes = query.startsWith("$", end);
        copyTo(quotes ? after(query.substring(at, end + 1), end + 1) : end);
    }

    private void copyTo(int end) {
        out.append(query, at, end);
        at = end;
    }

    // ---- where it ends; without an end, at that of the query ------------------------------------

    /** A doubled quote ends a string and begins another. */
    private int endOfString(int start, boolean escapes) {
        int i = start + 1;
        while (i < query.length()) {
            char c = query.charAt(i);
            if (c == '\\' && escapes) {
                i += 2;
            } else if (c != '\'') {
                i++;
            } else if (query.startsWith("''", i)) {
                i += 2;
            } else {
                return i + 1;
            }
        }
        return query.length();
    }

    private int endOfLine(int start) {
        int i = start;
        while (i < query.length() && query.charAt(i) != '\n' && query.charAt(i) != '\r') {
            i++;
        }
        return i;
    }

    /** Comments nest. */
    private int endOfComment(int start) {
        int depth = 1;
        int i = start + 2;
        while (i < query.length() && depth > 0) {
            if (query.startsWith("*/", i)) {
                depth--;
                i += 2;
            } else if (query.startsWith("/*", i)) {
                depth++;
                i += 2;
            } else {
                i++;
            }
        }
        return Math.min(i, query.length());
    }

    private int after(String end, int start) {
        int found = query.indexOf(end, start);
        return found < 0 ? query.length() : found + end.length();
    }

    // ---- PostgreSQL's letters -------------------------------------------------------------------

    private static boolean isWordStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    }

    private static boolean isWordPart(char c) {
        return isWordStart(c) || isDigit(c) || c == '$';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
