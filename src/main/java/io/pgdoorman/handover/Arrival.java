package io.pgdoorman.handover;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.MovingServer;
import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.MovingConsole;
import io.pgdoorman.session.MovingLogin;
import io.pgdoorman.session.MovingSession;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Puts a batch on the loops of this process: one that came from another, or its own that could not
 * be handed over.
 *
 * <p>Threads: a thread of the handover.
 */
final class Arrival {
    private static final Logger LOG = LoggerFactory.getLogger(Arrival.class);

    private final Host host;
    private final AtomicInteger refused = new AtomicInteger();
    private int nextLoop;

    Arrival(Host host) {
        this.host = host;
    }

    /** Clients whose pool is gone. Any thread. */
    int refused() {
        return refused.get();
    }

    /** The pool of a server without a client: it is named {@code user@database}. */
    static @Nullable Pool poolOf(Host host, FrozenServer server) {
        for (Pool pool : host.pools()) {
            if (pool.name().equals(server.identity().pool())) {
                return pool;
            }
        }
        return null;
    }

    /**
     * What came from the other process, with the permits its servers stand for.
     *
     * @return completes when everything runs
     */
    CompletableFuture<Void> accept(Batch batch) {
        for (MovingSession session : batch.sessions()) {
            FrozenServer server = session.state().server();
            Pool pool = poolOf(session);
            if (server != null && pool != null) {
                pool.onArrived(server.identity().profile());
            }
        }
        for (MovingServer server : batch.servers()) {
            Pool pool = poolOf(host, server.state());
            if (pool != null) {
                pool.onArrived(server.state().identity().profile());
            }
        }
        CompletableFuture<Void> done = place(batch);
        receivePermits(batch);
        return done;
    }

    /** What this process has detached itself and still counts. */
    CompletableFuture<Void> takeBack(Batch batch) {
        receivePermits(batch);
        return place(batch);
    }

    private void receivePermits(Batch batch) {
        for (Batch.Permits permits : batch.poolPermits()) {
            Pool pool = host.pool(permits.database(), permits.user());
            if (pool != null) {
                pool.receive(permits.count());
            }
        }
        for (Batch.Permits permits : batch.databasePermits()) {
            Coordinator coordinator = host.coordinators().get(permits.database());
            if (coordinator != null) {
                coordinator.receive(permits.count());
            }
        }
    }

    private @Nullable Pool poolOf(MovingSession session) {
        var identity = session.state().identity();
        return host.pool(identity.database(), identity.user());
    }

    private CompletableFuture<Void> place(Batch batch) {
        List<EventLoop> loops = host.loops();
        List<LoopWork> works = new ArrayList<>();
        loops.forEach(loop -> works.add(new LoopWork(loop)));
        for (MovingSession session : batch.sessions()) {
            works.get(turn()).sessions.add(session);
        }
        for (MovingServer server : batch.servers()) {
            works.get(turn()).servers.add(server);
        }
        for (MovingLogin login : batch.logins()) {
            works.get(turn()).logins.add(login);
        }
        for (MovingConsole console : batch.consoles()) {
            works.get(turn()).consoles.add(console);
        }
        return CompletableFuture.allOf(
                works.stream().map(LoopWork::start).toArray(CompletableFuture[]::new));
    }

    private int turn() {
        nextLoop = (nextLoop + 1) % host.loops().size();
        return nextLoop;
    }

    /** What one loop gets. */
    private final class LoopWork {
        private final EventLoop loop;
        private final List<MovingSession> sessions = new ArrayList<>();
        private final List<MovingServer> servers = new ArrayList<>();
        private final List<MovingLogin> logins = new ArrayList<>();
        private final List<MovingConsole> consoles = new ArrayList<>();
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private int pending = 1;

        LoopWork(EventLoop loop) {
            this.loop = loop;
        }

        CompletableFuture<Void> start() {
            if (size() == 0) {
                done.complete(null);
            } else {
                loop.execute(this::run);
            }
            return done;
        }

        private int size() {
            return sessions.size() + servers.size() + logins.size() + consoles.size();
        }

        private void run() {
            pending += size();
            for (MovingSession session : sessions) {
                guard(() -> place(session));
            }
            for (MovingServer server : servers) {
                guard(() -> place(server));
            }
            for (MovingLogin login : logins) {
                guard(() -> host.sessionMoves().adopt(login, loop, this::countDown));
            }
            for (MovingConsole console : consoles) {
                guard(() -> host.sessionMoves().adopt(console, loop, this::countDown));
            }
            countDown();
        }

        private void guard(Runnable work) {
            try {
                work.run();
            } catch (RuntimeException | OutOfMemoryError e) {
                LOG.error("a connection that was handed over could not go on", e);
                countDown();
            }
        }

        private void place(MovingSession session) {
            Pool pool = poolOf(session);
            if (pool == null || pool.isClosed()) {
                refused.incrementAndGet();
                host.sessionMoves()
                        .refuse(
                                session,
                                loop,
                                ErrorResponse.of(
                                        Severity.FATAL,
                                        SqlState.ADMIN_SHUTDOWN,
                                        "the pool was removed from the configuration"),
                                this::countDown);
            } else {
                host.sessionMoves().adopt(session, pool, loop, this::countDown);
            }
        }

        private void place(MovingServer server) {
            Pool pool = poolOf(host, server.state());
            if (pool == null || pool.isClosed()) {
                Sockets.close(server.socket());
                countDown();
                return;
            }
            host.serverMoves()
                    .attach(
                            server,
                            loop,
                            attached -> {
                                if (attached == null) {
                                    pool.onLost(server.state());
                                } else {
                                    attached.writeFirst();
                                    pool.shard(loop)
                                            .adopt(server.state(), attached, host.rehearse());
                                }
                                countDown();
                            });
        }

        private void countDown() {
            if (--pending == 0) {
                done.complete(null);
            }
        }
    }
}
