package io.pgdoorman.pool;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.LoginFailure;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.backend.ServerSource;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.statement.StatementCache;
import io.pgdoorman.stats.PoolStats;
import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * The servers of one (database, user). The pool itself is only what all of its shards share: the
 * count of servers, the pause after a refused login, what PostgreSQL reported at login. Servers and
 * waiting clients live in the {@link Shard} of their event loop.
 *
 * <p><b>Order.</b> A shard serves its clients first come first served. Between shards, and between
 * clients with different startup parameters, a client may be overtaken by others for a while, no
 * longer: that keeps servers on their loops and logged in as they are. Between shards the while is
 * half of the client's wait, but 2 to 20 ms ({@link #slackNanos}): with a thousand clients waiting
 * tens of milliseconds, servers that change loops for 2 ms cost a tenth of the throughput.
 *
 * <p>Threads: any thread, because all of its own state is atomic or volatile.
 */
public final class Pool {
    private static final long MIN_SLACK_NANOS = 2_000_000;
    private static final long MAX_SLACK_NANOS = 20_000_000;

    /** As {@link #slackNanos} for startup parameters: meeting it costs a login at PostgreSQL. */
    static final long PROFILE_SLACK_NANOS = 20_000_000;

    /** A handover without stages is over by then. */
    private static final long SHARED_PATIENCE_NANOS = 2_000_000_000;

    /** Who waits when PostgreSQL refuses a profile for good hears of it within this time. */
    private static final long TELL_NANOS = 20_000_000;

    /** Profiles of which something is remembered. */
    private static final int MAX_PROFILES = 1_000;

    private final String database;
    private final String user;

    /** PostgreSQL's answer to the query by which clients check their connection. */
    private volatile @Nullable CheckAnswer checkAnswer;

    private record CheckAnswer(Bytes query, Bytes answer) {}

    /** Where servers come from. Written by a reload on the control thread, read by all shards. */
    private volatile ServerSource source;

    /** Counts the sources: a server of an earlier one serves no further client. */
    private final AtomicInteger generation = new AtomicInteger();

    /** Servers logged in before are of an earlier source, {@link System#nanoTime}. */
    private volatile long redirectedNanos = System.nanoTime() - Long.MAX_VALUE / 2;

    private final PoolStats stats;
    private final StatementCache statements;
    private final ParameterInterner interner;
    private final Coordinator coordinator;
    private final List<Shard> shards;

    /** Written by a reload on the control thread, read by all shards. */
    private volatile PoolSettings settings;

    /** Open servers by login profile. */
    private final Map<ParameterSet, Integer> openByProfile = new ConcurrentHashMap<>();

    /** Profiles PostgreSQL refused for a reason that stays, and until when nobody asks again. */
    private final Map<ParameterSet, RefusedProfile> refused = new ConcurrentHashMap<>();

    /**
     * @param credentialChanges of the source by then: another password may be the right one
     */
    private record RefusedProfile(LoginFailure failure, long untilNanos, int credentialChanges) {}

    private final AtomicInteger open = new AtomicInteger();

    /** Of the permits for {@link #open}, those of this process. */
    private final Allowance allowance = new Allowance();

    private final AtomicInteger creating = new AtomicInteger();

    /** Surplus servers that some loop is just closing. */
    private final AtomicInteger closing = new AtomicInteger();

    /** What PostgreSQL reported at the login of each profile; bounded like the interner. */
    private final Map<ParameterSet, ParameterSet> reported = new ConcurrentHashMap<>();

    /** The profile of the last login, for servers made in advance. Written by any shard. */
    private volatile ParameterSet recentProfile;

    /** No login before this time, {@link System#nanoTime}; valid if a failure is set. */
    private volatile long retryAtNanos;

    /** The last login failed this way. Written by any shard, cleared by the next success. */
    private volatile @Nullable LoginFailure lastFailure;

    private final CompletableFuture<Void> prewarmed = new CompletableFuture<>();

    /** Written by a reload or the shutdown on the control thread, read by all shards. */
    private volatile boolean closed;

    /** By an operator: no client gets a server. Read by all shards. */
    private volatile boolean paused;

    /** By an operator: nobody logs in. */
    private volatile boolean disabled;

    public Pool(
            String database,
            String user,
            PoolSettings settings,
            ServerSource source,
            ParameterInterner interner,
            Coordinator coordinator,
            List<EventLoop> loops) {
        this.database = database;
        this.user = user;
        this.settings = settings;
        this.source = source;
        this.stats = new PoolStats(loops.size());
        this.statements = new StatementCache();
        this.interner = interner;
        this.coordinator = coordinator;
        this.recentProfile = source.defaultProfile();
        this.shards =
                IntStream.range(0, loops.size())
                        .mapToObj(i -> new Shard(this, loops.get(i), stats.loop(i)))
                        .toList();
        coordinator.register(this);
    }

    public String database() {
        return database;
    }

    public String user() {
        return user;
    }

    /** {@code user@database}, as in log lines. */
    public String name() {
        return user + "@" + database;
    }

    public PoolSettings settings() {
        return settings;
    }

    public ServerSource source() {
        return source;
    }

    public ParameterInterner interner() {
        return interner;
    }

    public PoolStats stats() {
        return stats;
    }

    /** The statements its clients share. */
    public StatementCache statements() {
        return statements;
    }

    /** What is used here in the place of a statement that came from another process. */
    public Statement adopt(Statement statement) {
        return statements.adopt(statement, settings.statements());
    }

    public List<Shard> shards() {
        return shards;
    }

    /** The shard of this loop. */
    public Shard shard(EventLoop loop) {
        for (Shard shard : shards) {
            if (shard.loop().equals(loop)) {
                return shard;
            }
        }
        throw new IllegalArgumentException("not a loop of this pool: " + loop);
    }

    /** Servers open or being opened. */
    public int open() {
        return open.get();
    }

    /** Servers above what this user keeps whatever others need. */
    int spare() {
        return open() - Math.max(settings.minSize(), settings.guaranteedSize());
    }

    /** Servers idle, as last seen by each shard. */
    public int idle() {
        int sum = 0;
        for (Shard shard : shards) {
            sum += shard.idleHint();
        }
        return sum;
    }

    /** What PostgreSQL answers to this query, ReadyForQuery included; null if nobody knows. */
    public @Nullable Bytes checkAnswer(Bytes query) {
        CheckAnswer known = checkAnswer;
        return known != null && known.query().equals(query) ? known.answer() : null;
    }

    public void rememberCheckAnswer(Bytes query, Bytes answer) {
        checkAnswer = new CheckAnswer(query, answer);
    }

    /** What PostgreSQL reports after a login with these parameters, if that is known. */
    public @Nullable ParameterSet reported(ParameterSet profile) {
        return reported.get(profile);
    }

    /**
     * Opens servers up to the minimum, on all loops.
     *
     * @return completes when the minimum is reached or a login failed
     */
    public CompletableFuture<Void> prewarm() {
        continuePrewarm();
        return prewarmed;
    }

    /** After a login or its failure: is the minimum reached, and who opens the next? */
    void continuePrewarm() {
        boolean reached = missing() <= 0 && creating.get() == 0;
        if (reached || lastFailure != null || !refused.isEmpty()) {
            prewarmed.complete(null);
        }
        if (missing() > 0 && lastFailure == null && refused.isEmpty()) {
            for (Shard shard : shards) {
                shard.loop().execute(shard::replenish);
            }
        }
    }

    /**
     * One round of housekeeping: servers too old or idle too long are closed, the minimum is
     * opened.
     *
     * @param quota how many may still be closed in this round, over all pools
     */
    public void retain(AtomicInteger quota) {
        for (Shard shard : shards) {
            shard.loop().execute(() -> shard.retain(quota));
        }
    }

    // ---- reload ------------------------------------------------------------------------------

    /**
     * New limits and times, for the living servers and clients too: idle servers above the limit
     * are closed now, others as they come back.
     */
    public void update(PoolSettings next) {
        settings = next;
        for (Shard shard : shards) {
            shard.loop().execute(shard::onSettingsChanged);
        }
    }

    /**
     * Servers are made elsewhere, or as somebody else, from now on: those there are finish what
     * their clients are doing and are closed. Clients stay.
     */
    public void redirect(ServerSource next) {
        source = next;
        redirectedNanos = System.nanoTime();
        generation.incrementAndGet();
        lastFailure = null;
        refused.clear();
        reported.clear();
        checkAnswer = null;
        recentProfile = next.defaultProfile();
        for (Shard shard : shards) {
            shard.loop().execute(shard::onSettingsChanged);
        }
    }

    /** Servers are made the same way, but with other times or credentials, from now on. */
    public void replaceSource(ServerSource next) {
        source = next;
        lastFailure = null;
        refused.clear();
    }

    // ---- what an operator orders ---------------------------------------------------------------

    /** No client gets a server until {@link #resume}; those that have one go on. */
    public void pause() {
        paused = true;
    }

    public void resume() {
        paused = false;
        for (Shard shard : shards) {
            shard.loop().execute(shard::onResume);
        }
    }

    public boolean isPaused() {
        return paused;
    }

    /** Whether clients may log in. */
    public void setDisabled(boolean value) {
        disabled = value;
    }

    public boolean isDisabled() {
        return disabled;
    }

    /** Servers there are finish what their clients are doing and are closed; idle ones now. */
    public void reconnect() {
        redirectedNanos = System.nanoTime();
        generation.incrementAndGet();
        lastFailure = null;
        refused.clear();
        for (Shard shard : shards) {
            shard.loop().execute(shard::onSettingsChanged);
        }
    }

    int generation() {
        return generation.get();
    }

    /** It was made for another source than the present one. */
    boolean isOutdated(Server server) {
        return server.identity().bornNanos() - redirectedNanos < 0;
    }

    /**
     * More servers are open than may be, since the limit was lowered: the caller closes one and
     * says so, no other loop closes one in its place.
     */
    boolean claimSurplus() {
        while (true) {
            int now = closing.get();
            if (open.get() - now <= settings.size()) {
                return false;
            }
            if (closing.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** The server of {@link #claimSurplus} is closed. */
    void surplusClosed() {
        closing.decrementAndGet();
    }

    /** Closes idle servers now and the others as they come back; waiting clients are refused. */
    public void close() {
        closed = true;
        coordinator.unregister(this);
        for (Shard shard : shards) {
            shard.loop().execute(shard::closeAll);
        }
    }

    /** The pool serves no more clients. */
    public boolean isClosed() {
        return closed;
    }

    /**
     * How much longer than a client of another loop one may wait only because of where it is.
     *
     * @param waitedNanos how long it has waited
     */
    static long slackNanos(long waitedNanos) {
        return Math.clamp(waitedNanos / 2, MIN_SLACK_NANOS, MAX_SLACK_NANOS);
    }

    // ---- shared with another process -----------------------------------------------------------

    /**
     * From now on this process and another keep to the limits together.
     *
     * @param mine the permits this process begins with
     */
    public void share(int mine) {
        allowance.begin(mine);
    }

    /** The other process is gone: all permits are this one's. */
    public void unshare() {
        allowance.end();
        wake();
    }

    /** Permits that are not used at the moment. */
    public int free() {
        return Math.max(0, limit() - open.get());
    }

    /**
     * Free permits for the other process.
     *
     * @return how many it gets, at most {@code most}
     */
    public int giveAway(int most) {
        int given = 0;
        while (given < most && tryIncrement(open, limit())) {
            allowance.add(-1);
            open.decrementAndGet();
            given++;
        }
        return given;
    }

    /** Permits from the other process. */
    public void receive(int permits) {
        if (permits > 0) {
            allowance.add(permits);
            wake();
        }
    }

    /** A server has gone to the other process, and its permit with it. */
    public void onLeft(ParameterSet profile) {
        allowance.add(-1);
        coordinator.onLeft();
        openByProfile.computeIfPresent(profile, (_, count) -> count == 1 ? null : count - 1);
        open.decrementAndGet();
    }

    /** A server comes from the other process, and its permit with it. */
    public void onArrived(ParameterSet profile) {
        // The server before its permit: another loop must not take that for a free one.
        open.incrementAndGet();
        allowance.add(1);
        coordinator.onArrived();
        openByProfile.merge(profile, 1, Integer::sum);
    }

    /** A server that the pool counts was lost before a shard had it. */
    public void onLost(@Nullable FrozenServer server) {
        if (server != null) {
            onLost(server.identity());
        }
    }

    /** A server that the pool counts was lost, and no shard has it. */
    public void onLost(ServerIdentity server) {
        onClosed(server.profile());
        wake();
    }

    /** Clients that wait, as last seen by each shard. */
    public int waitingHint() {
        int sum = 0;
        for (Shard shard : shards) {
            sum += shard.waitingHint();
        }
        return sum;
    }

    /** Clients wait, and this process may open no server for them. */
    public boolean isStarved() {
        boolean waits = false;
        for (Shard shard : shards) {
            waits |= shard.oldestSinceNanos() != Shard.NOBODY;
        }
        return waits && (open.get() >= limit() || coordinator.isExhausted());
    }

    /** What PostgreSQL reported at the login of each profile; a copy. */
    public Map<ParameterSet, ParameterSet> reported() {
        return Map.copyOf(reported);
    }

    /** Takes over what another process has learned. */
    public void learnReported(ParameterSet profile, ParameterSet parameters) {
        reported.putIfAbsent(profile, parameters);
    }

    /** Servers logged in until now were made for another configuration. */
    public void outdate() {
        redirectedNanos = System.nanoTime();
    }

    private void wake() {
        shards.forEach(Shard::wake);
    }

    private int limit() {
        return allowance.of(settings.size());
    }

    // ---- shared by the shards ----------------------------------------------------------------

    /** Takes a permit for one more server, or says no. */
    boolean tryOpen(long waitedNanos) {
        return tryOpen(waitedNanos, limit());
    }

    /** As {@link #tryOpen(long)}, for a server nobody waits for: up to the minimum, not above. */
    boolean tryOpenMissing() {
        return missing() > 0 && tryOpen(0, Math.min(limit(), settings.minSize()));
    }

    private boolean tryOpen(long waitedNanos, int most) {
        PoolSettings s = settings;
        if (closed || open.get() >= most || !tryIncrement(creating, s.maxCreates())) {
            return false;
        }
        if (tryIncrement(open, most)) {
            boolean reserve = waitedNanos >= s.reserveAfterNanos();
            if (coordinator.tryAcquire(reserve)) {
                return true;
            }
            open.decrementAndGet();
            coordinator.requestEviction(this);
        }
        creating.decrementAndGet();
        return false;
    }

    void onCreated(ParameterSet profile, ParameterSet parameters) {
        creating.decrementAndGet();
        openByProfile.merge(profile, 1, Integer::sum);
        lastFailure = null;
        refused.remove(profile);
        recentProfile = profile;
        if (reported.size() > MAX_PROFILES) {
            reported.clear();
        }
        reported.put(profile, parameters);
    }

    /**
     * What will pass by itself is a matter of the whole pool; what will not, of the profile.
     *
     * @return whether the failure is new, and so worth a log line
     */
    boolean onCreateFailed(ParameterSet profile, LoginFailure failure) {
        creating.decrementAndGet();
        open.decrementAndGet();
        coordinator.release();
        long pause = settings.loginRetryNanos();
        if (failure.isTransient()) {
            LoginFailure before = lastFailure;
            retryAtNanos = System.nanoTime() + pause;
            lastFailure = failure;
            return before == null || !before.equals(failure);
        }
        if (refused.size() > MAX_PROFILES) {
            refused.clear();
        }
        // Without a pause too: those who wait now are told, or they would ask again and again.
        long until = System.nanoTime() + Math.max(pause, TELL_NANOS);
        RefusedProfile before =
                refused.put(
                        profile, new RefusedProfile(failure, until, source.credentialChanges()));
        return before == null || !before.failure().equals(failure);
    }

    /** Why PostgreSQL has just refused this profile; null if it has not, or a server is left. */
    @Nullable LoginFailure refusalOf(ParameterSet profile, long now) {
        if (refused.isEmpty() || openByProfile.containsKey(profile)) {
            return null;
        }
        RefusedProfile known = refused.get(profile);
        return known != null
                        && now - known.untilNanos() < 0
                        && known.credentialChanges() == source.credentialChanges()
                ? known.failure()
                : null;
    }

    /** A server is gone and its permit free. */
    void onClosed(ParameterSet profile) {
        openByProfile.computeIfPresent(profile, (_, count) -> count == 1 ? null : count - 1);
        open.decrementAndGet();
        coordinator.release();
    }

    /** The last attempt to open a server failed, and PostgreSQL may be down. */
    public boolean isFailing() {
        return lastFailure != null;
    }

    boolean isBackingOff(long now) {
        return lastFailure != null && now - retryAtNanos < 0;
    }

    @Nullable LoginFailure lastFailure() {
        return lastFailure;
    }

    public Coordinator coordinator() {
        return coordinator;
    }

    ParameterSet recentProfile() {
        return recentProfile;
    }

    boolean isFull() {
        return open.get() >= limit();
    }

    /** Servers to be opened though nobody waits for them. */
    int missing() {
        if (allowance.isShared()) {
            return 0; // the other process may have them
        }
        return settings.minSize() - open.get();
    }

    /**
     * A server more only comes in the place of another: of this pool, or of this database. While
     * another process shares the limits it may also come from there, so a client waits longer
     * before a server is closed for it.
     *
     * @param waitedNanos how long the client has waited
     */
    boolean cannotGrow(long waitedNanos) {
        boolean mayStillCome = allowance.isShared() && waitedNanos < SHARED_PATIENCE_NANOS;
        return !mayStillCome && (isFull() || coordinator.isExhausted());
    }

    private static boolean tryIncrement(AtomicInteger count, int limit) {
        while (true) {
            int now = count.get();
            if (now >= limit) {
                return false;
            }
            if (count.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }
}
