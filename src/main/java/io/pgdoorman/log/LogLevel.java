package io.pgdoorman.log;

import ch.qos.logback.classic.Level;

import java.util.Locale;
import java.util.Optional;

/**
 * The least grave lines that pass, from none to all; the names are logback's. Threads: immutable.
 */
public enum LogLevel {
    /** No line at all; only at run time. */
    OFF,
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE;

    /** The level with this name, in any case; {@code warning} is WARN too. */
    static Optional<LogLevel> find(String name) {
        for (LogLevel level : values()) {
            if (level.name().equalsIgnoreCase(name)) {
                return Optional.of(level);
            }
        }
        return name.equalsIgnoreCase("warning") ? Optional.of(WARN) : Optional.empty();
    }

    Level logback() {
        return Level.toLevel(name());
    }

    /** The name as it is written in a filter. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
