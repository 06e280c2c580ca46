package io.pgdoorman.pool;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.LoginFailure;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.backend.ServerSource;
import io.pgdoorman.log.LogPool;
import io.pgdoorman.net.AttachedChannel;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.LoopStats;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The part of a pool that lives on one event loop: its idle servers, its waiting clients, and the
 * servers it cleans up. A client gets its server, uses it and gives it back on this one thread.
 *
 * <p>How a client comes to a server:
 *
 * <pre>
 *   acquire ── idle server of the client's login profile ──────────────────────────► linked
 *      └─ queue ─┬─ a server comes back (first come first served) ──────────────────► linked
 *                ├─ a new login, if the limits allow one ── offer ──────────────────► linked
 *                ├─ an idle server of another loop moves here ── offer ─────────────► linked
 *                ├─ an idle server of another profile is closed, and a login made ──► linked
 *                └─ the deadline passes, or PostgreSQL refuses for good ────────────► refused
 * </pre>
 *
 * <p>Threads: confined to {@link #loop}; other loops read the two hints and send tasks.
 */
public final class Shard {
    /** {@link #oldestSinceNanos} when no client waits. */
    static final long NOBODY = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);
    private static final long TICK_MILLIS = 10;

    /** A server moves here instead of a login only if the last one came longer ago than this. */
    private static final long STEAL_PAUSE_NANOS = 100_000_000;

    /**
     * While both kinds of clients wait, no more than one server changes its profile in this time.
     */
    private static final long CONVERT_PAUSE_NANOS = 100_000_000;

    /** In a coordinated database: how long a client waits for a return before a login is made. */
    private static final long ANTICIPATION_NANOS = 20_000_000;

    private final Pool pool;
    private final EventLoop loop;
    private final IdleServers idle = new IdleServers();
    private final Keeper keeper;
    private final Retirement retirement;

    /** Made once: a lease must not allocate. */
    private final Consumer<Server> check;

    private final TicketQueue waiting = new TicketQueue();

    /** All servers of this loop, those linked to clients too. */
    private final Set<Server> servers = Collections.newSetFromMap(new IdentityHashMap<>());

    private final ArrayDeque<Server> offered = new ArrayDeque<>();
    private boolean offering;

    /** The profile of each login under way. */
    private final List<ParameterSet> creating = new ArrayList<>();

    private boolean tickArmed;
    private long stolenAtNanos = System.nanoTime() - STEAL_PAUSE_NANOS;
    private long convertedAtNanos = System.nanoTime() - CONVERT_PAUSE_NANOS;
    private long sentAwayAtNanos = System.nanoTime() - CONVERT_PAUSE_NANOS;

    /** A server is on its way here from another loop. Set by the sending loop. */
    private final AtomicBoolean incoming = new AtomicBoolean();

    /** Written by this loop; other loops compare it with their own when a server comes back. */
    private volatile long oldestSince = NOBODY;

    /** Of the oldest client; written before {@link #oldestSince}, so read after it. */
    private volatile ParameterSet oldestProfile = ParameterSet.EMPTY;

    /** Written by this loop; other loops look here for a server to ask for. */
    private volatile int idleHint;

    /** Written by this loop, read by a handover that shares permits. */
    private volatile int waitingHint;

    private final LoopStats stats;

    Shard(Pool pool, EventLoop loop, LoopStats stats) {
        this.pool = pool;
        this.loop = loop;
        this.stats = stats;
        this.keeper = new Keeper(this, pool);
        this.retirement = new Retirement(pool);
        this.check = keeper::check;
    }

    public EventLoop loop() {
        return loop;
    }

    public Pool pool() {
        return pool;
    }

    /** What happens on this loop, counted. Written on this loop. */
    public LoopStats stats() {
        return stats;
    }

    /** When the client waiting longest began to, or {@link #NOBODY}. Any thread. */
    public long oldestSinceNanos() {
        return oldestSince;
    }

    /** Idle servers, as of a moment ago. Any thread. */
    public int idleHint() {
        return idleHint;
    }

    /** Clients that wait, as of a moment ago. Any thread. */
    public int waitingHint() {
        return waitingHint;
    }

    /**
     * Those who have waited longest, oldest first. To be asked on the loop.
     *
     * @param most how many, if there are so many
     */
    public List<Waiter> longestWaiting(int most) {
        assert loop.inEventLoop();
        List<Waiter> longest = new ArrayList<>();
        Ticket ticket = waiting.first();
        while (ticket != null && longest.size() < most) {
            longest.add(ticket.waiter);
            ticket = ticket.next;
        }
        return longest;
    }

    // ---- clients ------------------------------------------------------------------------------

    /**
     * Gets a server for a client of this loop.
     *
     * @param ticket not queued; it is, if null is returned
     * @return an idle server, now the caller's; or null: the ticket's waiter hears later
     */
    public @Nullable Server acquire(Ticket ticket, ParameterSet profile) {
        assert loop.inEventLoop();
        if (!pool.isPaused()
                && !idle.isEmpty()
                && (waiting.isEmpty() || waiting.firstOf(profile) == null)) {
            Server server = idle.take(profile, pool.settings(), System.nanoTime(), check);
            publish();
            if (server != null) {
                return server;
            }
        }
        long now = System.nanoTime();
        ticket.profile = profile;
        ticket.sinceNanos = now;
        ticket.deadlineNanos = now + pool.settings().queryWaitNanos();
        waiting.add(ticket);
        pump(now);
        publish();
        return null;
    }

    /** The client waits no longer. */
    public void leave(Ticket ticket) {
        assert loop.inEventLoop();
        waiting.remove(ticket);
        publish();
    }

    /** Back from a client that is done with it: no reply is outstanding. */
    public void release(Server server) {
        assert loop.inEventLoop();
        keeper.recycle(server);
    }

    /** Back from a client that is gone, wherever that left the server. */
    public void abandon(Server server) {
        assert loop.inEventLoop();
        keeper.abandon(server);
    }

    /** The connection of a linked server broke. */
    public void onLost(Server server) {
        logClosed(server, "lost while a client used it");
        forget(server);
    }

    /**
     * Cancels what the server runs; a later client's query is safe from it.
     *
     * @param onDone called on this loop when the request is through, or came to nothing
     */
    public void cancel(Server server, Runnable onDone) {
        assert loop.inEventLoop();
        keeper.cancel(server, onDone);
    }

    // ---- other loops and the pool ---------------------------------------------------------------

    /** Tries again for the clients that wait. Any thread. */
    void wake() {
        loop.execute(() -> pump(System.nanoTime()));
    }

    /** Another loop has clients waiting and nothing idle: a server moves there if one is spare. */
    private void giveAway(Shard to) {
        Server server = idle.takeColdest();
        publish();
        if (server == null) {
            to.incoming.set(false);
        } else {
            moveTo(server, to);
        }
    }

    private void moveTo(Server server, Shard to) {
        servers.remove(server);
        server.setOwner(to.keeper);
        try {
            pool.source().move(server, to.loop, to::arrive);
        } catch (RuntimeException e) {
            LOG.error("{} could not change its thread", server.identity(), e);
            to.incoming.set(false);
            pool.onClosed(server.profile());
            server.close();
        }
    }

    private void arrive(Server server) {
        assert loop.inEventLoop();
        incoming.set(false);
        if (server.isClosed()) {
            pool.onClosed(server.profile());
            pump(System.nanoTime());
        } else {
            servers.add(server);
            // Not now: the move is not over before this returns, and another might follow.
            long id = server.identity().id();
            loop.execute(
                    () -> {
                        Server arrived = find(id);
                        if (arrived != null) {
                            keeper.recycle(arrived);
                        }
                    });
        }
    }

    /**
     * Closes one idle server for the sake of another user of the database; false if none may go.
     */
    boolean evictOne() {
        long now = System.nanoTime();
        for (Server server : idle.all()) {
            if (retirement.mayBeEvicted(server, now)) {
                discard(server, "evicted for another user of the database");
                return true;
            }
        }
        return false;
    }

    /** Those that waited through a pause get what is idle, in their order. */
    void onResume() {
        for (Server server : idle.all()) {
            if (!waiting.isEmpty() && idle.remove(server)) {
                offer(server);
            }
        }
        pump(System.nanoTime());
        publish();
    }

    void closeAll() {
        for (Server server : idle.all()) {
            discard(server, "pool closed");
        }
        refuseAll(Refusals.poolClosed(pool));
    }

    /** After a reload: what is idle and should not be there goes, what waits may get more. */
    void onSettingsChanged() {
        retain(new AtomicInteger(Integer.MAX_VALUE));
        pump(System.nanoTime());
        publish();
    }

    // ---- housekeeping --------------------------------------------------------------------------

    void retain(AtomicInteger quota) {
        long now = System.nanoTime();
        for (Server server : idle.all()) {
            String reason = retirement.whileIdle(server, now);
            if (reason == null) {
                closeSurplus(server);
            } else if (quota.getAndDecrement() > 0) {
                discard(server, reason);
            } else {
                break;
            }
        }
        replenish();
    }

    /** Closes it if more servers are open than the pool may have since a reload. */
    private boolean closeSurplus(Server server) {
        if (!pool.claimSurplus()) {
            return false;
        }
        discard(server, "pool_size was lowered");
        pool.surplusClosed();
        return true;
    }

    void replenish() {
        PoolSettings settings = pool.settings();
        int shards = pool.shards().size();
        int share = (settings.minSize() + shards - 1) / shards;
        long now = System.nanoTime();
        while (!pool.isPaused()
                && servers.size() + creating.size() < share
                && mayLogIn(pool.recentProfile(), now)
                && pool.tryOpenMissing()) {
            create(pool.recentProfile());
        }
    }

    private void tick() {
        tickArmed = false;
        long now = System.nanoTime();
        Ticket first = waiting.first();
        while (first != null && now - first.deadlineNanos >= 0) {
            refuse(first, Refusals.waitedTooLong(pool));
            first = waiting.first();
        }
        if (pool.isClosed()) {
            refuseAll(Refusals.poolClosed(pool));
        }
        refuseRefused(now);
        keeper.onTick(now);
        pump(now);
        publish();
    }

    void armTick() {
        if (!tickArmed && !(waiting.isEmpty() && keeper.isEmpty())) {
            tickArmed = true;
            loop.schedule(this::tick, TICK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void publish() {
        Ticket first = waiting.first();
        long since = first == null ? NOBODY : first.sinceNanos;
        if (since != oldestSince) {
            oldestProfile = first == null ? ParameterSet.EMPTY : first.profile;
            oldestSince = since;
        }
        if (idle.size() != idleHint) {
            idleHint = idle.size();
        }
        if (waiting.size() != waitingHint) {
            waitingHint = waiting.size();
        }
    }

    // ---- what makes a client's wait end --------------------------------------------------------

    /**
     * Sets in motion what the waiting clients need: logins, moves, conversions. A client is covered
     * if a server of its profile is on its way to this loop.
     */
    private void pump(long now) {
        if (pool.isPaused()) {
            armTick(); // who waits may still wait too long
            return;
        }
        Ticket next = uncovered();
        if (next != null && now - stolenAtNanos >= STEAL_PAUSE_NANOS && askOthers(now)) {
            next = uncovered();
        }
        while (next != null && mayLogIn(next.profile, now) && mayCreate(next, now)) {
            create(next.profile);
            next = uncovered();
        }
        if (next != null && !convertIdle(next, now)) {
            askOthers(now);
        }
        armTick();
    }

    /** The oldest client for whom no server is on its way. */
    private @Nullable Ticket uncovered() {
        Ticket ticket = waiting.first();
        if (ticket == null) {
            return null;
        }
        List<ParameterSet> coming = coming();
        while (ticket != null && !coming.isEmpty() && coming.remove(ticket.profile)) {
            ticket = ticket.next;
        }
        return ticket != null && incoming.get() ? ticket.next : ticket;
    }

    /** The profiles of the servers that will be offered here soon; empty is the usual case. */
    private List<ParameterSet> coming() {
        if (creating.isEmpty() && keeper.isEmpty()) {
            return List.of();
        }
        var profiles = new ArrayList<>(creating);
        keeper.addSoonFree(profiles);
        return profiles;
    }

    private boolean mayCreate(Ticket ticket, long now) {
        PoolSettings settings = pool.settings();
        long waited = now - ticket.sinceNanos;
        boolean anticipates =
                settings.coordinated()
                        && pool.open() >= settings.warmSize()
                        && !servers.isEmpty()
                        && waited < ANTICIPATION_NANOS;
        return !anticipates && pool.tryOpen(waited);
    }

    /** Asks another loop for one of its idle servers; true if one may be coming. */
    private boolean askOthers(long now) {
        for (Shard other : pool.shards()) {
            if (other != this && other.idleHint > 0 && incoming.compareAndSet(false, true)) {
                stolenAtNanos = now;
                other.loop.execute(() -> other.giveAway(this));
                return true;
            }
        }
        return false;
    }

    /**
     * All servers are open and the idle ones have other startup parameters: one makes room.
     *
     * @return whether one was closed
     */
    private boolean convertIdle(Ticket ticket, long now) {
        Server coldest = idle.coldest();
        if (coldest == null
                || coldest.profile().equals(ticket.profile)
                || !pool.cannotGrow(now - ticket.sinceNanos)
                || !mayLogIn(ticket.profile, now)) {
            return false;
        }
        discard(coldest, "makes room for other startup parameters");
        return true;
    }

    private boolean mayLogIn(ParameterSet profile, long now) {
        return !pool.isBackingOff(now) && pool.refusalOf(profile, now) == null;
    }

    private void create(ParameterSet profile) {
        creating.add(profile);
        int generation = pool.generation();
        pool.source()
                .logIn(
                        loop,
                        profile,
                        keeper,
                        new ServerSource.LoginListener() {
                            @Override
                            public void onServer(Server server) {
                                onCreated(profile, server, generation);
                            }

                            @Override
                            public void onFailure(LoginFailure failure) {
                                onCreateFailed(profile, failure);
                            }

                            @Override
                            public void onTls(long handshakeNanos) {
                                stats.time(Timing.SERVER_TLS, handshakeNanos);
                            }

                            @Override
                            public void onTlsFailed() {
                                stats.count(Counter.SERVER_TLS_FAILURES);
                            }
                        });
    }

    private void onCreated(ParameterSet profile, Server server, int generation) {
        creating.remove(profile);
        servers.add(server);
        stats.count(Counter.SERVER_LOGINS);
        pool.onCreated(profile, pool.interner().intern(server.parameters()));
        ServerIdentity identity = server.identity();
        LOG.info(
                "{} new server connection #{} to {} pid={}",
                identity.where(),
                identity.id(),
                identity.address(),
                identity.pid());
        if (generation == pool.generation()) {
            offer(server);
        } else {
            discard(server, "made for an earlier configuration");
        }
        pool.continuePrewarm();
    }

    private void onCreateFailed(ParameterSet profile, LoginFailure failure) {
        creating.remove(profile);
        stats.count(Counter.SERVER_LOGIN_FAILURES);
        if (pool.onCreateFailed(profile, failure)) {
            LOG.warn(
                    "{} startup error: login to {} failed: {}",
                    new LogPool(pool.name()),
                    pool.source().endpoint(),
                    failure.error().fields());
        }
        pool.continuePrewarm();
        long now = System.nanoTime();
        refuseRefused(now);
        publish();
        armTick();
    }

    /** Tells the clients whose startup parameters or identity PostgreSQL will not have. */
    private void refuseRefused(long now) {
        Ticket ticket = waiting.first();
        while (ticket != null) {
            Ticket next = ticket.next;
            LoginFailure failure = pool.refusalOf(ticket.profile, now);
            if (failure != null) {
                refuse(ticket, Refusals.loginFailed(failure));
            }
            ticket = next;
        }
    }

    private void refuseAll(ErrorResponse reason) {
        Ticket ticket = waiting.first();
        while (ticket != null) {
            Ticket next = ticket.next;
            refuse(ticket, reason);
            ticket = next;
        }
        publish();
    }

    private void refuse(Ticket ticket, ErrorResponse reason) {
        waiting.remove(ticket);
        ticket.waiter.onRefused(reason);
    }

    // ---- servers that come back ----------------------------------------------------------------

    /**
     * A clean server: for the client that waits longest, or idle. A client may give it back at once
     * (a login that only wanted to see it): then it is offered again here, not one call deeper.
     */
    void offer(Server server) {
        offered.addLast(server);
        if (offering) {
            return;
        }
        offering = true;
        try {
            Server next = offered.pollFirst();
            while (next != null) {
                place(next);
                next = offered.pollFirst();
            }
        } finally {
            offering = false;
        }
    }

    private void place(Server server) {
        long now = System.nanoTime();
        String reason = retirement.onReturn(server, now, !waiting.isEmpty());
        if (reason != null) {
            discard(server, reason);
            return;
        }
        if (closeSurplus(server)) {
            return;
        }
        if (pool.isPaused()) {
            idle.add(server, now);
            publish();
            return;
        }
        Shard hungrier = hungrier(server.profile(), now);
        if (hungrier != null) {
            moveTo(server, hungrier);
            publish();
            return;
        }
        Ticket first = waiting.first();
        Ticket same = waiting.firstOf(server.profile());
        if (first != null && !first.equals(same) && mayConvert(first, same, now)) {
            convertedAtNanos = now;
            discard(server, "makes room for other startup parameters");
        } else if (same != null) {
            waiting.remove(same);
            publish();
            same.waiter.onServer(server);
        } else {
            idle.add(server, now);
            publish();
            if (waiting.isEmpty() && pool.coordinator().isEnabled()) {
                pool.coordinator().wakeOldest();
            }
        }
    }

    /**
     * Whether a server that comes back gives its place to a login with the startup parameters of
     * the oldest client: if that one waits clearly longer than the oldest of the server's own
     * profile, and not for each of many in a row, or two kinds of clients would take all servers'
     * time for logins.
     */
    private boolean mayConvert(Ticket first, @Nullable Ticket same, long now) {
        boolean due =
                same == null
                        || (same.sinceNanos - first.sinceNanos >= Pool.PROFILE_SLACK_NANOS
                                && now - convertedAtNanos >= CONVERT_PAUSE_NANOS);
        return due
                && pool.cannotGrow(now - first.sinceNanos)
                && !creating.contains(first.profile)
                && mayLogIn(first.profile, now);
    }

    /** The shard whose oldest client has waited clearly longer than any of this one. */
    private @Nullable Shard hungrier(ParameterSet profile, long now) {
        List<Shard> shards = pool.shards();
        if (shards.size() == 1) {
            return null;
        }
        long mine = oldestSince;
        for (int i = 0; i < shards.size(); i++) {
            Shard other = shards.get(i);
            long theirs = other.oldestSince;
            if (other == this || theirs == NOBODY) {
                continue;
            }
            // A server of another profile is only of use there if it may be converted.
            boolean fits = other.oldestProfile.equals(profile);
            boolean due =
                    fits
                            ? mine == NOBODY || mine - theirs > Pool.slackNanos(now - theirs)
                            : (mine == NOBODY || mine - theirs > Pool.PROFILE_SLACK_NANOS)
                                    && now - theirs > Pool.PROFILE_SLACK_NANOS
                                    && now - sentAwayAtNanos >= CONVERT_PAUSE_NANOS
                                    && pool.cannotGrow(now - theirs)
                                    && mayLogIn(other.oldestProfile, now);
            if (due && other.incoming.compareAndSet(false, true)) {
                if (!fits) {
                    sentAwayAtNanos = now;
                }
                return other;
            }
        }
        return null;
    }

    void discard(Server server, String reason) {
        logClosed(server, reason);
        forget(server);
        server.close();
    }

    void logClosed(Server server, String reason) {
        ServerIdentity identity = server.identity();
        LOG.info(
                "{} server closed pid={}: {}, session={}",
                identity.where(),
                identity.pid(),
                reason,
                identity.age());
    }

    /** Gives the permit back and lets the waiting clients have it; once for each server. */
    void forget(Server server) {
        idle.remove(server);
        keeper.forget(server);
        if (servers.remove(server)) {
            pool.onClosed(server.profile());
        }
        pump(System.nanoTime());
        publish();
    }

    /** All servers of this loop, linked ones too; a copy. */
    public Collection<Server> servers() {
        return new HashSet<>(servers);
    }

    /** Whether it is idle here. */
    public boolean isIdle(Server server) {
        return idle.contains(server);
    }

    /** Servers clients have. To be asked on the loop. */
    public int linkedServers() {
        int linked = 0;
        for (Server server : servers) {
            linked += server.owner().equals(keeper) ? 0 : 1;
        }
        return linked;
    }

    /** Servers made for what was before the last RECONNECT. To be asked on the loop. */
    public int outdatedServers() {
        int outdated = 0;
        for (Server server : servers) {
            outdated += pool.isOutdated(server) ? 1 : 0;
        }
        return outdated;
    }

    /** Clients that wait on this loop. */
    public int waitingClients() {
        return waiting.size();
    }

    // ---- moves between processes ---------------------------------------------------------------

    /** A server leaves this loop, perhaps for another process; the pool still counts it. */
    public void letGo(Server server) {
        assert loop.inEventLoop();
        servers.remove(server);
        idle.remove(server);
        keeper.forget(server);
        publish();
    }

    /** A client's server from elsewhere, which the pool counts already. */
    public void adopt(Server server) {
        assert loop.inEventLoop();
        servers.add(server);
    }

    /**
     * Gives up servers without a client, coldest first, those the keeper still works on last; the
     * pool still counts them. Those that a cancel request may still meet stay.
     *
     * @param most how many
     */
    public List<Server> giveUpServers(int most) {
        assert loop.inEventLoop();
        List<Server> candidates = new ArrayList<>(idle.all());
        candidates.addAll(keeper.servers());
        List<Server> given = new ArrayList<>();
        for (Server server : candidates) {
            if (given.size() < most && !server.isCancelInFlight()) {
                letGo(server);
                given.add(server);
            }
        }
        return given;
    }

    /** Server logins that have not ended yet. To be asked on the loop. */
    public int loginsUnderWay() {
        return creating.size();
    }

    /**
     * A server without a client, from elsewhere, which the pool counts already. Its channel is on
     * this loop and still; it reads when this returns.
     */
    public void adopt(FrozenServer frozen, AttachedChannel attached, boolean rehearse) {
        assert loop.inEventLoop();
        Channel channel = attached.channel();
        Server server = Server.thaw(frozen, channel, keeper, pool::adopt);
        channel.pipeline().addLast(new ServerHandler(server, rehearse));
        servers.add(server);
        channel.config().setAutoRead(true);
        if (!attached.resume()) {
            server.onLost();
            return;
        }
        if (has(server)) { // what was left to be read may have ended it
            keeper.adopt(server);
        }
        if (idle.all().contains(server)) {
            server.markIdle(frozen.idleSinceNanos());
        }
    }

    /** This process ends: servers that only housekeeping still holds are closed. */
    public void closeUnclaimed() {
        for (Server server : keeper.servers()) {
            discard(server, "could not be handed over");
        }
    }

    boolean has(Server server) {
        return servers.contains(server);
    }

    @Nullable Server find(long id) {
        for (Server server : servers) {
            if (server.identity().id() == id) {
                return server;
            }
        }
        return null;
    }

    // ---- freeze --------------------------------------------------------------------------------

    /** A thawed server takes the place of the one it was frozen from. */
    public void replace(Server frozen, Server thawed) {
        if (servers.remove(frozen)) {
            servers.add(thawed);
        }
        keeper.replace(frozen, thawed);
        idle.replace(frozen, thawed);
    }

    /** A thawed client takes its place in the queue, by its age. */
    public void rejoin(Ticket ticket, ParameterSet profile, long sinceNanos, long deadlineNanos) {
        ticket.profile = profile;
        ticket.sinceNanos = sinceNanos;
        ticket.deadlineNanos = deadlineNanos;
        Server server =
                !pool.isPaused() && waiting.firstOf(profile) == null
                        ? idle.take(profile, pool.settings(), System.nanoTime(), check)
                        : null;
        if (server == null) {
            waiting.add(ticket);
            pump(System.nanoTime());
        }
        publish();
        if (server != null) {
            ticket.waiter.onServer(server);
        }
    }
}
