package io.pgdoorman.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Keeps what clients can cause at will from flooding the log: of lines that are alike, same logger,
 * message template and pool, {@value #LINES} pass in a second; for the others one line follows, the
 * last of them with their number.
 *
 * <p>It looks at warnings and errors about a {@link LogSubject}, and at lines of all levels from
 * info about one that is not known. All others pass, and so does the audit log.
 *
 * <p>Threads: any, because the map is concurrent and a window is only touched within its {@code
 * compute}.
 */
final class Repeats {
    static final int LINES = 10;
    static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What is asked for line by line, at the operator's own wish. */
    private static final String AUDIT = "io.pgdoorman.audit";

    /** Loggers, templates and pools are few; should they not be, the rest pass. */
    private static final int MAX_WINDOWS = 10_000;

    private final Map<Key, Window> windows = new ConcurrentHashMap<>();

    private record Key(String logger, String template, String pool) {}

    private static final class Window {
        private final long beganNanos;
        private final ILoggingEvent first;
        private int lines;
        private long repeats;
        private @Nullable ILoggingEvent last;

        Window(long beganNanos, ILoggingEvent first) {
            this.beganNanos = beganNanos;
            this.first = first;
        }

        private boolean isOver(long nowNanos) {
            return nowNanos - beganNanos >= WINDOW_NANOS;
        }
    }

    /** Whether nothing is to be said later. */
    boolean isEmpty() {
        return windows.isEmpty();
    }

    /**
     * Whether the line is to be written now; if not, it counts.
     *
     * @param event its message is formatted already
     * @param nowNanos {@link System#nanoTime}
     */
    boolean passes(ILoggingEvent event, long nowNanos) {
        LogSubject subject = subject(event);
        if (subject == null || windows.size() >= MAX_WINDOWS) {
            return true;
        }
        var key = new Key(event.getLoggerName(), event.getMessage(), subject.pool());
        boolean[] passes = new boolean[1];
        windows.compute(
                key,
                (_, present) -> {
                    Window window = present == null ? new Window(nowNanos, event) : present;
                    passes[0] = window.lines < LINES;
                    if (passes[0]) {
                        window.lines++;
                    } else {
                        window.repeats++;
                        window.last = event;
                    }
                    return window;
                });
        return passes[0];
    }

    /** Whom the line is about, if its kind is looked at. */
    private static @Nullable LogSubject subject(ILoggingEvent event) {
        Object[] arguments = event.getArgumentArray();
        if (arguments == null
                || !event.getLevel().isGreaterOrEqual(Level.INFO)
                || event.getLoggerName().equals(AUDIT)) {
            return null;
        }
        boolean grave = event.getLevel().isGreaterOrEqual(Level.WARN);
        for (Object argument : arguments) {
            if (argument instanceof LogSubject subject) {
                return grave || !subject.isKnown() ? subject : null;
            }
        }
        return null;
    }

    /**
     * Ends windows.
     *
     * @param all also those whose second is not over
     * @return the lines to be written
     */
    List<ILoggingEvent> sweep(long nowNanos, boolean all) {
        List<ILoggingEvent> lines = new ArrayList<>();
        for (Key key : windows.keySet()) {
            windows.computeIfPresent(
                    key,
                    (_, window) -> {
                        if (!all && !window.isOver(nowNanos)) {
                            return window;
                        }
                        if (window.last != null) {
                            lines.add(summary(window, window.last));
                        }
                        return null;
                    });
        }
        return lines;
    }

    private static ILoggingEvent summary(Window window, ILoggingEvent last) {
        var line = new LoggingEvent();
        line.setLoggerName(last.getLoggerName());
        line.setLevel(last.getLevel());
        line.setThreadName(last.getThreadName());
        line.setInstant(last.getInstant());
        line.setMessage(
                "%s ... repeated %d times".formatted(last.getFormattedMessage(), window.repeats));
        line.setCallerData(window.first.getCallerData());
        return line;
    }
}
