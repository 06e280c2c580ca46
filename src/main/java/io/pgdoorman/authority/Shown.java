package io.pgdoorman.authority;

/** What a client wrote, fit for a line of the log. Threads: no state. */
final class Shown {
    private static final int MAX_CHARACTERS = 64;

    private Shown() {}

    /** In quotes, cut, with a question mark for each character that is not plain. */
    static String of(String text) {
        String cut = text.length() > MAX_CHARACTERS ? text.substring(0, MAX_CHARACTERS) : text;
        return '"' + cut.replaceAll("[^ !#-~]", "?") + '"' + (cut.equals(text) ? "" : "...");
    }
}
