package io.pgdoorman.log;

/** Strings of JSON. Threads: no state. */
public final class JsonText {
    private JsonText() {}

    /** {@code text} in quotes. */
    public static String quoted(String text) {
        var line = new StringBuilder(text.length() + 2);
        quote(line, text);
        return line.toString();
    }

    /** Appends {@code text} in quotes. */
    static void quote(StringBuilder line, String text) {
        line.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> line.append("\\\"");
                case '\\' -> line.append("\\\\");
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (c < ' ') {
                        line.append("\\u%04x".formatted((int) c));
                    } else {
                        line.append(c);
                    }
                }
            }
        }
        line.append('"');
    }
}
