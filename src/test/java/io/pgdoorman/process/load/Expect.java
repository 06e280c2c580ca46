package io.pgdoorman.process.load;

import io.pgdoorman.testing.Message;

import java.util.ArrayList;
import java.util.List;

/** Comparisons whose failure says what should have come and what came. Threads: pure functions. */
final class Expect {
    private static final int SHOWN_CHARS = 300;

    private Expect() {}

    static void equal(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new WrongAnswerException(
                    "%s: expected <%s>, came <%s>"
                            .formatted(
                                    shorten(what),
                                    shorten(expected.toString()),
                                    shorten(actual.toString())));
        }
    }

    /** Compares one message with {@code expected}, a line as {@link Lines#of} makes it. */
    static void message(String what, String expected, Message actual) {
        if (!Lines.of(actual).equals(expected)) {
            throw new WrongAnswerException(
                    "%s: expected <%s>, came <%s>"
                            .formatted(
                                    shorten(what), shorten(expected), shorten(Lines.of(actual))));
        }
    }

    /** Compares a whole answer, message by message, with what should have come. */
    static void messages(String what, List<String> expected, List<Message> actual) {
        int common = Math.min(expected.size(), actual.size());
        int same = 0;
        while (same < common && Lines.of(actual.get(same)).equals(expected.get(same))) {
            same++;
        }
        if (same == expected.size() && same == actual.size()) {
            return;
        }
        throw new WrongAnswerException(
                "%s: message %d of %d: expected <%s>, came <%s>; the whole answer: %s"
                        .formatted(
                                shorten(what),
                                same + 1,
                                expected.size(),
                                same < expected.size() ? shorten(expected.get(same)) : "nothing",
                                same < actual.size()
                                        ? shorten(Lines.of(actual.get(same)))
                                        : "nothing",
                                shorten(lines(actual).toString())));
    }

    private static List<String> lines(List<Message> messages) {
        var lines = new ArrayList<String>();
        messages.forEach(message -> lines.add(Lines.of(message)));
        return lines;
    }

    private static String shorten(String text) {
        return text.length() <= SHOWN_CHARS
                ? text
                : "%s... %d characters, hash %08x"
                        .formatted(text.substring(0, SHOWN_CHARS), text.length(), text.hashCode());
    }
}
