package io.pgdoorman.runtime;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Collection;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Says once a day what a start and a reload say, for a process that runs for months: what ends, or
 * has ended. Threads: the control thread.
 */
final class DailyWarnings {
    private static final Logger LOG = LoggerFactory.getLogger(DailyWarnings.class);

    private DailyWarnings() {}

    /**
     * Begins in a day.
     *
     * @param texts what there is to say at that time
     */
    static void start(
            ScheduledExecutorService control, Supplier<? extends Collection<String>> texts) {
        var _ = control.schedule(() -> warn(control, texts), 1, TimeUnit.DAYS);
    }

    private static void warn(
            ScheduledExecutorService control, Supplier<? extends Collection<String>> texts) {
        start(control, texts); // first, so that a failure does not end the rounds
        texts.get().forEach(text -> LOG.warn("{}", text));
    }
}
