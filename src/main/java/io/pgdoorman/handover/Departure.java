package io.pgdoorman.handover;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.MovingServer;
import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.session.ConsoleClient;
import io.pgdoorman.session.LoginHandler;
import io.pgdoorman.session.MovingSession;
import io.pgdoorman.session.Session;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToIntFunction;

/**
 * Takes what a process has off its loops, batch by batch. The loops work in parallel; what cannot
 * be moved at the moment (a cancel request is on its way to its server) is left for a later batch.
 *
 * <p>Threads: a thread of the handover, which waits for the loops.
 */
final class Departure {
    private final Host host;
    private final QuietClients quiet;

    /** Clients that waited for each server, and their pool, when nobody had moved. */
    private final Map<Pool, Double> usualQueue = new HashMap<>();

    /** Before that those who connect to the other process meanwhile wait in vain. */
    private boolean serversGiven;

    private HeapRoom room = new HeapRoom();
    private @Nullable Throwable failure;

    private long stoppedNanos = System.nanoTime();

    Departure(Host host) {
        this.host = host;
        this.quiet = new QuietClients(host);
    }

    /** Those that move first, if {@link QuietClients#note} has been called before. */
    QuietClients quiet() {
        return quiet;
    }

    /** Clients of any kind that are still here. */
    int remaining() {
        return host.sessions().all().size()
                + host.sessions().logins().size()
                + host.sessions().consoles().size();
    }

    /**
     * Whether no client is here any more. One that is between two lists, or has been accepted and
     * not been on its loop yet, is seen after each loop has ended what it was doing.
     */
    boolean isEmpty() throws InterruptedException, HandoverException {
        if (remaining() > 0) {
            return false;
        }
        await(
                CompletableFuture.allOf(
                        host.loops().stream()
                                .map(loop -> CompletableFuture.runAsync(() -> {}, loop))
                                .toArray(CompletableFuture[]::new)));
        return remaining() == 0;
    }

    /** Servers that are still here or about to be. */
    int remainingServers() {
        return host.pools().stream().mapToInt(Pool::open).sum();
    }

    /**
     * The next batch of quiet clients.
     *
     * @param most clients in it
     * @param descriptors it may have, two for a client with its server
     */
    Batch nextQuiet(int most, int descriptors) throws InterruptedException, HandoverException {
        return next(
                descriptors, works -> choose(quiet.next(Math.min(most, descriptors / 2)), works));
    }

    /** The same of clients of any kind, first those that wait longest. */
    Batch next(int most, int descriptors) throws InterruptedException, HandoverException {
        int mostClients = Math.min(most, descriptors / 2);
        return next(
                descriptors,
                works -> {
                    int starved = chooseStarved(mostClients, works);
                    return starved + choose(mostClients - starved, works);
                });
    }

    private Batch next(int descriptors, ToIntFunction<Map<EventLoop, LoopDeparture>> choice)
            throws InterruptedException, HandoverException {
        int before = remaining();
        stoppedNanos = System.nanoTime();
        Map<EventLoop, LoopDeparture> works = newWorks();
        int chosen = choice.applyAsInt(works);
        int left = Math.max(0, descriptors - 2 * chosen);
        double share = before == 0 ? 1 : Math.min(1, (double) chosen / before);
        for (Pool pool : host.pools()) {
            left -=
                    share == 1
                            ? spread(pool, Math.min(left, pool.open() * works.size()), works)
                            : takeIdle(
                                    pool,
                                    Math.min(left, (int) Math.ceil(pool.idle() * share)),
                                    works);
        }
        Batch batch = collect(works);
        givePermits(share, batch);
        return batch;
    }

    /** When the clients of the last batch stopped, {@link System#nanoTime}. */
    long stoppedNanos() {
        return stoppedNanos;
    }

    /**
     * Servers and permits that are free, for clients that wait in the other process.
     *
     * @param descriptors it may have
     */
    Batch spare(Wants wants, int descriptors) throws InterruptedException, HandoverException {
        Map<EventLoop, LoopDeparture> works = newWorks();
        List<Batch.Permits> poolPermits = new ArrayList<>();
        List<Batch.Permits> databasePermits = new ArrayList<>();
        int left = descriptors;
        for (Wants.Starved wanted : wants.pools()) {
            Pool pool = host.pool(wanted.database(), wanted.user());
            if (pool == null || pool.waitingHint() > 0) {
                continue; // its own clients come first
            }
            int servers = takeIdle(pool, Math.min(left, wanted.clients()), works);
            left -= servers;
            int rest = wanted.clients() - servers;
            int permits = pool.giveAway(rest);
            if (permits > 0) {
                poolPermits.add(new Batch.Permits(pool.database(), pool.user(), permits));
            }
            Coordinator coordinator = host.coordinators().get(pool.database());
            if (coordinator != null && rest > 0) {
                int shared = coordinator.giveAway(rest);
                if (shared > 0) {
                    databasePermits.add(new Batch.Permits(pool.database(), "", shared));
                } else if (coordinator.isEnabled()) {
                    coordinator.requestEviction(pool);
                }
            }
        }
        Batch batch = collect(works);
        batch.poolPermits().addAll(poolPermits);
        batch.databasePermits().addAll(databasePermits);
        return batch;
    }

    private Map<EventLoop, LoopDeparture> newWorks() {
        var ofBatch = new HeapRoom();
        room = ofBatch;
        Map<EventLoop, LoopDeparture> works = new HashMap<>();
        host.loops().forEach(loop -> works.put(loop, new LoopDeparture(host, loop, ofBatch)));
        return works;
    }

    /** Whether a client of the last batch had to stay because the heap had no room for it. */
    boolean lacksRoom() {
        return room.hasRefused();
    }

    /** Why the last batch has not everything that it should have; null if it has. */
    @Nullable Throwable failure() {
        return failure;
    }

    private Batch collect(Map<EventLoop, LoopDeparture> works)
            throws InterruptedException, HandoverException {
        List<CompletableFuture<Void>> done = new ArrayList<>();
        works.values().forEach(work -> done.add(work.start()));
        await(CompletableFuture.allOf(done.toArray(CompletableFuture[]::new)));
        var batch =
                new Batch(
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>());
        works.values().forEach(work -> work.addTo(batch));
        failure =
                works.values().stream()
                        .map(LoopDeparture::failure)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null);
        serversGiven |= batch.sessions().stream().anyMatch(one -> one.state().server() != null);
        serversGiven |= !batch.servers().isEmpty();
        return batch;
    }

    /**
     * Servers leave with their clients, so those who begin to want one here may find few or none.
     * Clients beyond the usual number for each server that is left go where the others are.
     *
     * @return how many, as far as can be told from here
     */
    private int chooseStarved(int most, Map<EventLoop, LoopDeparture> works) {
        int chosen = 0;
        for (Pool pool : host.pools()) {
            int waiting = pool.waitingHint();
            int open = pool.open();
            double usual =
                    usualQueue.computeIfAbsent(pool, _ -> waiting / (double) Math.max(1, open));
            int starved = pool.isPaused() ? 0 : waiting - (int) Math.ceil(open * usual);
            for (Shard shard : pool.shards()) {
                int count = Math.min(Math.min(starved, most - chosen), shard.waitingHint());
                LoopDeparture work = works.get(shard.loop());
                if (count > 0 && work != null) {
                    work.starved.put(shard, count);
                    starved -= count;
                    chosen += count;
                }
            }
        }
        return chosen;
    }

    private int choose(int most, Map<EventLoop, LoopDeparture> works) {
        int chosen = 0;
        Iterator<LoginHandler> logins = host.sessions().logins().iterator();
        while (chosen < most && logins.hasNext()) {
            LoginHandler login = logins.next();
            EventLoop loop = login.loop();
            LoopDeparture work = loop == null ? null : works.get(loop);
            if (work != null) {
                work.logins.add(login);
                chosen++;
            }
        }
        Iterator<ConsoleClient> consoles = host.sessions().consoles().iterator();
        while (chosen < most && consoles.hasNext()) {
            ConsoleClient console = consoles.next();
            LoopDeparture work = works.get(console.channel().eventLoop());
            if (work != null) {
                work.consoles.add(console);
                chosen++;
            }
        }
        chosen += chooseBusy(most - chosen, works);
        if (!quiet.isEmpty()) {
            return chosen;
        }
        Iterator<Session> sessions = host.sessions().all().iterator();
        while (chosen < most && sessions.hasNext()) {
            chosen += choose(sessions.next(), works);
        }
        return chosen;
    }

    /** Each loop chooses from its own: it knows which of them have a server. */
    private int chooseBusy(int most, Map<EventLoop, LoopDeparture> works) {
        int chosen = 0;
        int loops = works.size();
        for (Map.Entry<EventLoop, LoopDeparture> work : works.entrySet()) {
            int share = (most - chosen + loops - 1) / loops;
            chosen += work.getValue().choose(quiet.busyOnes(work.getKey()), share, !serversGiven);
            loops--;
        }
        return chosen;
    }

    private static int choose(List<Session> sessions, Map<EventLoop, LoopDeparture> works) {
        return sessions.stream().mapToInt(session -> choose(session, works)).sum();
    }

    /** How many more were chosen: 0 if it is chosen already, or has left its loops. */
    private static int choose(Session session, Map<EventLoop, LoopDeparture> works) {
        LoopDeparture work = works.get(session.channel().eventLoop());
        return work != null && work.sessions.add(session) ? 1 : 0;
    }

    /**
     * Idle servers, from the loops where they are.
     *
     * @return how many, at most {@code most}
     */
    private static int takeIdle(Pool pool, int most, Map<EventLoop, LoopDeparture> works) {
        int taken = 0;
        for (Shard shard : pool.shards()) {
            int count = Math.min(most - taken, shard.idleHint());
            LoopDeparture work = works.get(shard.loop());
            if (count > 0 && work != null) {
                work.servers.merge(pool, count, Integer::sum);
                taken += count;
            }
        }
        return taken;
    }

    /** All servers without a client, those the keeper works on too, wherever they are. */
    private static int spread(Pool pool, int part, Map<EventLoop, LoopDeparture> works) {
        int loops = works.size();
        int index = 0;
        for (LoopDeparture work : works.values()) {
            int count = part / loops + (index++ < part % loops ? 1 : 0);
            if (count > 0) {
                work.servers.merge(pool, count, Integer::sum);
            }
        }
        return part;
    }

    /** Closes the servers that no client has and that could not be moved. */
    void closeRest() throws InterruptedException, HandoverException {
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (Pool pool : host.pools()) {
            for (Shard shard : pool.shards()) {
                done.add(CompletableFuture.runAsync(shard::closeUnclaimed, shard.loop()));
            }
        }
        await(CompletableFuture.allOf(done.toArray(CompletableFuture[]::new)));
    }

    /** Free permits go in proportion to the clients. */
    private void givePermits(double share, Batch batch) {
        for (Pool pool : host.pools()) {
            int given = pool.giveAway((int) Math.ceil(pool.free() * share));
            if (given > 0) {
                batch.poolPermits().add(new Batch.Permits(pool.database(), pool.user(), given));
            }
        }
        for (Map.Entry<String, Coordinator> entry : host.coordinators().entrySet()) {
            Coordinator coordinator = entry.getValue();
            int given = coordinator.giveAway((int) Math.ceil(coordinator.free() * share));
            if (given > 0) {
                batch.databasePermits().add(new Batch.Permits(entry.getKey(), "", given));
            }
        }
    }

    /** The batch is the other process's: what it stood for is counted here no longer. */
    void committed(Batch batch) {
        for (MovingSession session : batch.sessions()) {
            if (session.state().server() != null) {
                Pool pool =
                        host.pool(
                                session.state().identity().database(),
                                session.state().identity().user());
                if (pool != null) {
                    pool.onLeft(session.state().server().identity().profile());
                }
            }
            Sockets.close(session);
        }
        batch.logins().forEach(login -> Sockets.close(login.client()));
        batch.consoles().forEach(console -> Sockets.close(console.client()));
        for (MovingServer server : batch.servers()) {
            Pool pool = Arrival.poolOf(host, server.state());
            if (pool != null) {
                pool.onLeft(server.state().identity().profile());
            }
            Sockets.close(server.socket());
        }
    }

    private static void await(CompletableFuture<?> future)
            throws InterruptedException, HandoverException {
        try {
            future.get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new HandoverException("an event loop failed: " + e.getCause(), e);
        }
    }
}
