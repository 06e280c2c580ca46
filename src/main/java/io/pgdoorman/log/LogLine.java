package io.pgdoorman.log;

import ch.qos.logback.classic.spi.ILoggingEvent;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What both formats of a log line share. Threads: any, because it has no state. */
final class LogLine {
    private static final DateTimeFormatter UTC =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

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
}
