package io.pgdoorman.process.load;

import io.pgdoorman.testing.PostgresServer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Looks at PostgreSQL's list of sessions all the time: no database may have more servers than its
 * pool allows. A process of PostgreSQL is listed for a moment after its client has left; therefore
 * only what several looks in a row see counts. Threads: any; the looks are confined to a thread of
 * its own.
 */
final class ServerWatch implements AutoCloseable {
    private static final long PERIOD_MILLIS = 100;
    private static final int LOOKS = 3;

    private final Map<String, Integer> limits;
    private final Consumer<Fault> faults;
    private final Connection superuser;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Map<String, Integer> most = new TreeMap<>();
    private final Thread thread;

    /**
     * @param limits servers by database
     * @param faults is told the first database above its limit
     */
    ServerWatch(PostgresServer server, Map<String, Integer> limits, Consumer<Fault> faults) {
        this.limits = Map.copyOf(limits);
        this.faults = faults;
        try {
            superuser = server.connect("postgres");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        thread = Thread.ofPlatform().daemon().name("load-server-watch").start(this::run);
    }

    /** The most servers that a row of looks saw, by database; to be read after {@link #close()}. */
    Map<String, Integer> most() {
        return most;
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join();
            superuser.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void run() {
        try {
            var looks = new ArrayDeque<ServerSnapshot>();
            boolean within = true;
            while (!stop.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
                looks.add(ServerSnapshot.of(superuser, limits.keySet()));
                if (looks.size() < LOOKS) {
                    continue;
                }
                Map<String, Integer> counts =
                        looks.stream().reduce(ServerSnapshot::alsoIn).orElseThrow().counts();
                looks.remove();
                counts.forEach((database, count) -> most.merge(database, count, Math::max));
                if (within && !exceeding(counts).isEmpty()) {
                    within = false;
                    faults.accept(new Fault("limits", "servers above them: " + exceeding(counts)));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException | RuntimeException e) {
            faults.accept(new Fault("watch of the servers", e.toString()));
        }
    }

    private Map<String, String> exceeding(Map<String, Integer> counts) {
        var exceeding = new TreeMap<String, String>();
        counts.forEach(
                (database, count) -> {
                    int limit = limits.get(database);
                    if (count > limit) {
                        exceeding.put(database, "%d of %d".formatted(count, limit));
                    }
                });
        return exceeding;
    }
}
