package io.pgdoorman.log;

import ch.qos.logback.classic.spi.ILoggingEvent;

import org.slf4j.event.KeyValuePair;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/** What both formats of a log line share. Threads: any, because it has no state. */
final class LogLine {
    private static final DateTimeFormatter UTC =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    /** Of a message; what is longer is cut. */
    static final int MAX_CHARS = 16 * 1024;

    private LogLine() {}

    static String timestamp(ILoggingEvent event) {
        return UTC.format(Instant.ofEpochMilli(event.getTimeStamp()));
    }

    /** The place in the source that logged; unknown for events that were made elsewhere. */
    static StackTraceElement caller(ILoggingEvent event) {
        StackTraceElement[] callers = event.getCallerData();
        return callers.length > 0
                ? callers[0]
                : new StackTraceElement("unknown", "unknown", "unknown", 0);
    }

    static String file(StackTraceElement caller) {
        String file = caller.getFileName();
        return file == null ? "unknown" : file;
    }

    /** The message, not longer than allowed. */
    static String message(ILoggingEvent event) {
        String message = event.getFormattedMessage();
        return message.length() <= MAX_CHARS ? message : message.substring(0, MAX_CHARS) + "...";
    }

    /** The message and the event's own keys, {@code key=value}, as one line. */
    static String text(ILoggingEvent event) {
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs == null) {
            return oneLine(message(event));
        }
        var text = new StringBuilder(message(event));
        for (KeyValuePair pair : pairs) {
            text.append(' ').append(pair.key).append('=').append(pair.value);
        }
        return oneLine(text.toString());
    }

    /**
     * Without what would end the line or change a terminal: names and texts in it are strangers',
     * who could forge lines.
     */
    static String oneLine(String text) {
        int plain = 0;
        while (plain < text.length() && isPlain(text.charAt(plain))) {
            plain++;
        }
        if (plain == text.length()) {
            return text;
        }
        var line = new StringBuilder(text.length() + 16).append(text, 0, plain);
        for (int i = plain; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (isPlain(c)) {
                        line.append(c);
                    } else {
                        line.append("\\u%04x".formatted((int) c));
                    }
                }
            }
        }
        return line.toString();
    }

    private static boolean isPlain(char c) {
        return c >= ' ' && c != 0x7f && !(c >= 0x80 && c < 0xa0) && c != 0x2028 && c != 0x2029;
    }
}
