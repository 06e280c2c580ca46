package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.net.SystemdNotifier;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Tells systemd's watchdog that the process lives: the control thread runs, and every event loop
 * has run a task since the last time. Threads: the control thread; loops only answer.
 */
final class Watchdog {
    private final List<EventLoop> loops;
    private final SystemdNotifier systemd;
    private CompletableFuture<Void> answered = CompletableFuture.completedFuture(null);

    private Watchdog(List<EventLoop> loops, SystemdNotifier systemd) {
        this.loops = loops;
        this.systemd = systemd;
    }

    /**
     * @param interval after which systemd takes the process for dead; zero for no watchdog
     */
    static void start(
            Duration interval,
            ScheduledExecutorService control,
            List<EventLoop> loops,
            SystemdNotifier systemd) {
        if (interval.isPositive()) {
            var watchdog = new Watchdog(loops, systemd);
            long period = Math.max(1, interval.toMillis() / 3);
            control.scheduleAtFixedRate(watchdog::tick, 0, period, TimeUnit.MILLISECONDS);
        }
    }

    private void tick() {
        if (!answered.isDone()) {
            return; // a loop hangs: systemd will act
        }
        systemd.watchdog();
        answered =
                CompletableFuture.allOf(
                        loops.stream()
                                .map(loop -> CompletableFuture.runAsync(() -> {}, loop))
                                .toArray(CompletableFuture[]::new));
    }
}
