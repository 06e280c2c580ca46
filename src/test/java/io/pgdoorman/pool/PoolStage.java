package io.pgdoorman.pool;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.testing.ManualLoop;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A pool on loops that run when the test says so. */
final class PoolStage {
    /** Longer than a tick of a shard. */
    private static final long TICK_MILLIS = 20;

    final FakeServers source = new FakeServers();
    final List<ManualLoop> loops;
    final Pool pool;

    PoolStage(SettingsBuilder settings) {
        this(settings, 1, null);
    }

    PoolStage(SettingsBuilder settings, int loops, @Nullable Coordinator coordinator) {
        this(
                settings,
                "alice",
                Stream.generate(ManualLoop::new).limit(loops).toList(),
                coordinator);
    }

    PoolStage(
            SettingsBuilder settings,
            String user,
            List<ManualLoop> loops,
            @Nullable Coordinator coordinator) {
        this.loops = loops;
        this.pool =
                new Pool(
                        "shop",
                        user,
                        settings.build(),
                        source,
                        source.interner,
                        coordinator == null ? Coordinator.unlimited() : coordinator,
                        loops.stream().map(ManualLoop::loop).toList());
    }

    PoolClient client() {
        return client(0);
    }

    PoolClient client(int loop) {
        return new PoolClient(pool.shards().get(loop));
    }

    PoolClient client(ParameterSet profile) {
        return new PoolClient(pool.shards().getFirst(), source.interner.intern(profile));
    }

    List<PoolClient> clients(int count) {
        return IntStream.range(0, count).mapToObj(_ -> client()).toList();
    }

    /** A client that has a server. */
    PoolClient linked() {
        return linked(0);
    }

    PoolClient linked(int loop) {
        PoolClient client = client(loop).acquire();
        if (!client.isLinked()) {
            source.accept();
        }
        return client;
    }

    /** A server of this loop that is idle. */
    void idleServer(int loop) {
        linked(loop).transact();
    }

    void run() {
        ManualLoop.runAll(loops);
    }

    /** What is due after the next tick happens. */
    void tick() {
        loops.forEach(loop -> loop.advance(TICK_MILLIS));
        run();
    }

    int waiting() {
        return pool.shards().stream().mapToInt(Shard::waitingClients).sum();
    }
}
