package io.pgdoorman.log;

import java.time.Duration;

/** How long something took, as people read it. Threads: any, because it has no state. */
public final class LogDuration {
    private LogDuration() {}

    /**
     * Such as {@code 0ms}, {@code 123ms}, {@code 5.123s}, {@code 4m30s}, {@code 1h30m}, {@code 2d
     * 4h30m}.
     */
    public static String text(long nanos) {
        Duration d = Duration.ofNanos(Math.max(0, nanos));
        if (d.toDays() > 0) {
            return "%dd %dh%dm".formatted(d.toDays(), d.toHoursPart(), d.toMinutesPart());
        }
        if (d.toHours() > 0) {
            return "%dh%dm".formatted(d.toHours(), d.toMinutesPart());
        }
        if (d.toMinutes() > 0) {
            return "%dm%ds".formatted(d.toMinutes(), d.toSecondsPart());
        }
        return d.toSeconds() > 0
                ? "%d.%03ds".formatted(d.toSeconds(), d.toMillisPart())
                : d.toMillis() + "ms";
    }
}
