package io.pgdoorman.handover;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.backend.MovingServer;
import io.pgdoorman.backend.Server;
import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.pool.Waiter;
import io.pgdoorman.session.ConsoleClient;
import io.pgdoorman.session.LoginHandler;
import io.pgdoorman.session.MovingConsole;
import io.pgdoorman.session.MovingLogin;
import io.pgdoorman.session.MovingSession;
import io.pgdoorman.session.Session;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * What one loop gives up in a batch. Filled in by a thread of the handover; once {@link #start} is
 * called it is the loop's, until what that returns is complete.
 */
final class LoopDeparture {
    private final Host host;
    private final EventLoop loop;
    private final HeapRoom room;
    final Set<Session> sessions = new LinkedHashSet<>();
    final List<LoginHandler> logins = new ArrayList<>();
    final List<ConsoleClient> consoles = new ArrayList<>();
    final Map<Shard, Integer> starved = new HashMap<>();
    final Map<Pool, Integer> servers = new HashMap<>();
    private final List<MovingSession> movingSessions = new ArrayList<>();
    private final List<MovingLogin> movingLogins = new ArrayList<>();
    private final List<MovingConsole> movingConsoles = new ArrayList<>();
    private final List<MovingServer> movingServers = new ArrayList<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private Set<Session> busy = Set.of();
    private int busyCount;
    private boolean linkedFirst;
    private int pending = 1;
    private @Nullable Throwable failure;

    LoopDeparture(Host host, EventLoop loop, HeapRoom room) {
        this.host = host;
        this.loop = loop;
        this.room = room;
    }

    /**
     * The loop chooses from these.
     *
     * @param all its busy clients, from which those that go are taken
     * @param most how many go
     * @param withServers first those that have a server
     * @return how many go
     */
    int choose(Set<Session> all, int most, boolean withServers) {
        busy = all;
        busyCount = Math.min(most, all.size());
        linkedFirst = withServers;
        return busyCount;
    }

    /** Completes when everything is off the loop that could be given up. */
    CompletableFuture<Void> start() {
        loop.execute(
                () -> {
                    try {
                        run();
                    } catch (RuntimeException | OutOfMemoryError e) {
                        failure = e;
                    }
                    countDown();
                });
        return done;
    }

    /** Why not everything was given up that should have been; null if it was. */
    @Nullable Throwable failure() {
        return failure;
    }

    private void run() {
        for (LoginHandler login : logins) {
            giveUp(login.channel(), () -> detach(login));
        }
        for (ConsoleClient console : consoles) {
            giveUp(console.channel(), () -> detach(console));
        }
        starved.forEach(
                (shard, count) -> {
                    for (Waiter waiter : shard.longestWaiting(count)) {
                        if (waiter instanceof Session session) {
                            sessions.add(session);
                        }
                    }
                });
        takeBusy();
        for (Session session : sessions) {
            if (room.take(session)) {
                giveUp(session.channel(), () -> detach(session));
            }
        }
        servers.forEach(
                (pool, count) -> {
                    for (Server server : pool.shard(loop).giveUpServers(count)) {
                        pending++;
                        host.serverMoves().detach(server, moving -> onServer(pool, server, moving));
                    }
                });
    }

    private void onServer(Pool pool, Server server, @Nullable MovingServer moving) {
        if (moving == null) {
            pool.onLost(server.identity());
        }
        onOne(movingServers, moving);
    }

    /** One that fails on the way has no state any more that could go on: its client sees an end. */
    private void giveUp(Channel client, BooleanSupplier detach) {
        pending++;
        try {
            pending -= detach.getAsBoolean() ? 0 : 1;
        } catch (RuntimeException | OutOfMemoryError e) {
            pending--;
            failure = e;
            client.close();
        }
    }

    private boolean detach(LoginHandler login) {
        return host.sessionMoves().detach(login, moving -> onOne(movingLogins, moving));
    }

    private boolean detach(ConsoleClient console) {
        return host.sessionMoves().detach(console, moving -> onOne(movingConsoles, moving));
    }

    private boolean detach(Session session) {
        return host.sessionMoves().detach(session, moving -> onOne(movingSessions, moving));
    }

    private void takeBusy() {
        if (linkedFirst) {
            takeBusy(Session::isLinked);
        }
        takeBusy(_ -> true);
    }

    private void takeBusy(Predicate<Session> wanted) {
        Iterator<Session> all = busy.iterator();
        while (busyCount > 0 && all.hasNext()) {
            Session session = all.next();
            if (wanted.test(session)) {
                all.remove();
                sessions.add(session);
                busyCount--;
            }
        }
    }

    private <T> void onOne(List<T> list, @Nullable T moving) {
        if (moving != null) {
            list.add(moving);
        }
        countDown();
    }

    private void countDown() {
        if (--pending == 0) {
            done.complete(null);
        }
    }

    void addTo(Batch batch) {
        batch.sessions().addAll(movingSessions);
        batch.logins().addAll(movingLogins);
        batch.consoles().addAll(movingConsoles);
        batch.servers().addAll(movingServers);
    }
}
