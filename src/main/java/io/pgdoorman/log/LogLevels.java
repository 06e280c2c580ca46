package io.pgdoorman.log;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The filter in effect, which can be changed while the process runs; a reload of the configuration
 * does not touch it, a handover takes it along. Threads: any, because of its lock; who logs at the
 * same moment sees the filter before or after, logger by logger.
 */
public final class LogLevels {
    private static final String DEFAULT = "default";

    private final LoggerContext context;
    private final LogFilter start;
    private final LongSupplier lost;
    private final AtomicLong lostBefore = new AtomicLong();

    /** Written under the lock, read by all. */
    private volatile LogFilter current;

    /**
     * Puts {@code start} into effect.
     *
     * @param start what {@link #reset} returns to
     */
    public LogLevels(LoggerContext context, LogFilter start) {
        this(context, start, () -> 0);
    }

    /**
     * As {@link #LogLevels(LoggerContext, LogFilter)}.
     *
     * @param lost lines that could not be written
     */
    LogLevels(LoggerContext context, LogFilter start, LongSupplier lost) {
        this.context = context;
        this.start = start;
        this.lost = lost;
        this.current = start;
        apply(Map.of(), start);
    }

    /** Lines that could not be written, of all processes so far. */
    public long lostLines() {
        return lostBefore.get() + lost.getAsLong();
    }

    /** So many were lost in the process before this one. */
    public void inheritLostLines(long lines) {
        lostBefore.addAndGet(lines);
    }

    /** The filter in effect; {@link #set} reads it as the same one. */
    public String current() {
        return current.toString();
    }

    /** The filter in effect, if it is another than the one the process was started with. */
    public Optional<String> changed() {
        LogFilter now = current;
        return now.equals(start) ? Optional.empty() : Optional.of(now.toString());
    }

    /**
     * Puts a filter into effect, and logs so.
     *
     * @param filter see {@link LogFilter#parse}, or {@code default}, which is {@link #reset}
     * @throws LogFilterException it is none; nothing has changed
     */
    public void set(String filter) throws LogFilterException {
        if (filter.strip().equalsIgnoreCase(DEFAULT)) {
            reset();
        } else {
            change(LogFilter.parse(filter));
        }
    }

    /** Back to the filter of the start. */
    public void reset() {
        change(start);
    }

    /** The line is seen if either filter lets it pass. */
    private synchronized void change(LogFilter next) {
        Logger log = context.getLogger(LogLevels.class);
        boolean told = log.isInfoEnabled();
        if (told) {
            log.info("SET log_level = '{}'", next);
        }
        apply(current.loggers(), next);
        current = next;
        if (!told) {
            log.info("SET log_level = '{}'", next);
        }
    }

    private void apply(Map<String, LogLevel> before, LogFilter next) {
        Map<String, LogLevel> loggers = next.loggers();
        loggers.forEach((name, level) -> context.getLogger(name).setLevel(level.logback()));
        for (String name : before.keySet()) {
            if (!loggers.containsKey(name)) {
                context.getLogger(name).setLevel(null); // as the one above it
            }
        }
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(next.base().logback());
    }
}
