package io.pgdoorman.lookup;

/** Turns a query with {@code $1} into one of JDBC. Threads: immutable. */
final class JdbcQuery {
    private static final String PARAMETER = "$1";

    /**
     * @param text with {@code ?} in place of each parameter; operators with a question mark are
     *     escaped
     * @param parameters how often the parameter occurs
     */
    record Converted(String text, int parameters) {}

    private JdbcQuery() {}

    /** Looks past quoted strings and names. */
    static Converted convert(String query) {
        var out = new StringBuilder(query.length());
        int parameters = 0;
        char quote = 0;
        for (int i = 0; i < query.length(); i++) {
            char c = query.charAt(i);
            if (quote != 0) {
                out.append(c);
                quote = c == quote ? 0 : quote; // a doubled one ends and begins again
            } else if (query.startsWith(PARAMETER, i) && !isDigit(query, i + PARAMETER.length())) {
                out.append('?');
                parameters++;
                i += PARAMETER.length() - 1;
            } else {
                quote = c == '\'' || c == '"' ? c : 0;
                out.append(c == '?' ? "??" : String.valueOf(c));
            }
        }
        return new Converted(out.toString(), parameters);
    }

    private static boolean isDigit(String text, int index) {
        return index < text.length() && Character.isDigit(text.charAt(index));
    }
}
