package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

class DailyWarningsTest {
    @Test
    void looksOnceADayAlsoAfterAFailure() {
        var asked = new AtomicInteger();
        try (var control = new ScheduledThreadPoolExecutor(1)) {
            DailyWarnings.start(
                    control,
                    () -> {
                        if (asked.incrementAndGet() == 1) {
                            throw new IllegalStateException("cannot be told");
                        }
                        return List.of("ends");
                    });
            nextDay(control);
            nextDay(control);

            assertThat(asked).hasValue(2);
            assertThat(control.getQueue()).hasSize(1);
            control.shutdownNow();
        }
    }

    private static void nextDay(ScheduledThreadPoolExecutor control) {
        var next = (RunnableScheduledFuture<?>) control.getQueue().element();
        assertThat(next.getDelay(TimeUnit.HOURS)).isBetween(22L, 24L);
        control.remove(next);
        next.run();
    }
}
