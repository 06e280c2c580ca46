package io.pgdoorman.migrate;

import java.util.Optional;

/**
 * A quoted word in which a doubled quote stands for one. Threads: immutable.
 *
 * @param end index of the first character after the closing quote
 */
record Quoted(String text, int end) {
    /** Reads the word whose opening quote stands at {@code start}; empty if it is not closed. */
    static Optional<Quoted> read(String line, int start) {
        char quote = line.charAt(start);
        var text = new StringBuilder();
        for (int i = start + 1; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == quote) {
                if (i + 1 == line.length() || line.charAt(i + 1) != quote) {
                    return Optional.of(new Quoted(text.toString(), i + 1));
                }
                i++;
            }
            text.append(c);
        }
        return Optional.empty();
    }
}
