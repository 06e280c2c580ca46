package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.backend.Server;
import io.pgdoorman.log.LogSubject;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.tls.TlsRecords;
import io.pgdoorman.wire.CancelKey;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * All clients of the process: their number, their cancel keys, what they share.
 *
 * <p>Threads: any thread, because its state is concurrent; a session itself is only touched on its
 * own loop.
 */
public final class Sessions {
    private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

    private static final int SECRET_BYTES_3_0 = 4;
    private static final int SECRET_BYTES_3_2 = 32;

    /** Connections above the limit that are still heard, for they may be cancel requests. */
    private static final int SPARE_CONNECTIONS = 100;

    private static final Duration COUNT_TIMEOUT = Duration.ofMillis(500);

    private final ClientDirectory directory;
    private final ClientServices services;

    /** Written by a reload on the control thread, read by every login. */
    private volatile SessionSettings settings;

    /** Written by a reload on the control thread, read by every login. */
    private volatile ClientTls tls = ClientTls.OFF;

    private final MemoryBudget memory;
    private final SecureRandom random = new SecureRandom();

    /** Set by the shutdown on the control thread, read by logins. */
    private volatile boolean shuttingDown;

    private final AtomicInteger lastId = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();

    /** Since the start of this process or of the one it took over from. */
    private final LongAdder accepted = new LongAdder();

    private final LongAdder refused = new LongAdder();
    private final Map<Rejection, LongAdder> rejections = newRejections();
    private final LongAdder startups = new LongAdder();

    /** Those of {@link #startups} with TLS. */
    private final LongAdder secureStartups = new LongAdder();

    private final LongAdder cancelRequests = new LongAdder();

    private final FailedLogins failedLogins = new FailedLogins(System::nanoTime);

    private final Map<Integer, Session> byProcessId = new ConcurrentHashMap<>();
    private final Set<LoginHandler> logins = ConcurrentHashMap.newKeySet();
    private final Set<ConsoleClient> consoles = ConcurrentHashMap.newKeySet();

    /** Written by a handover, read by every accept. */
    private volatile int elsewhere;

    /** Asked for a cancel key this process does not know; null if there is nobody to ask. */
    private volatile @Nullable CancelRelay cancelRelay;

    public Sessions(ClientDirectory directory, ClientServices services, SessionSettings settings) {
        this.directory = directory;
        this.services = services;
        this.settings = settings;
        this.memory = new MemoryBudget(settings.maxMemoryBytes());
    }

    private static Map<Rejection, LongAdder> newRejections() {
        Map<Rejection, LongAdder> counters = new EnumMap<>(Rejection.class);
        for (Rejection reason : Rejection.values()) {
            counters.put(reason, new LongAdder());
        }
        return Collections.unmodifiableMap(counters);
    }

    public SessionSettings settings() {
        return settings;
    }

    /** For logins and sessions that begin from now on, and for the limits over all of them. */
    public void update(SessionSettings next) {
        settings = next;
        memory.setLimit(next.maxMemoryBytes());
    }

    /** The pool is gone: its clients are told to go, as in a shutdown. */
    public void dismiss(Pool pool) {
        for (Session session : all()) {
            session.channel()
                    .eventLoop()
                    .execute(
                            () -> {
                                if (session.isOf(pool)) {
                                    session.onShutdown();
                                }
                            });
        }
    }

    /** For handshakes that begin from now on. */
    public void update(ClientTls next) {
        tls = next;
    }

    ClientTls tls() {
        return tls;
    }

    FailedLogins failedLogins() {
        return failedLogins;
    }

    MemoryBudget memory() {
        return memory;
    }

    /** Who may come in. */
    public ClientDirectory directory() {
        return directory;
    }

    boolean isShuttingDown() {
        return shuttingDown;
    }

    /** Clients that are logged in. */
    public Collection<Session> all() {
        return byProcessId.values();
    }

    /** Connections, those that have not logged in yet too. */
    public int connections() {
        return connections.get();
    }

    int nextId() {
        return lastId.incrementAndGet();
    }

    CancelKey newCancelKey(int id, boolean longSecret) {
        return CancelKey.random(id, longSecret ? SECRET_BYTES_3_2 : SECRET_BYTES_3_0, random);
    }

    /** The client has waited long, and has got this server. */
    static void logSlowCheckout(ClientIdentity client, long waitedNanos, Server server, Pool pool) {
        LOG.warn(
                "{} slow checkout: {}ms pid={} size={}/{} avail={} waiting={}",
                client,
                TimeUnit.NANOSECONDS.toMillis(waitedNanos),
                server.identity().cancelKey().processId(),
                pool.open(),
                pool.settings().size(),
                pool.idle(),
                pool.waitingHint());
    }

    /** Takes a new connection, on its loop. Beyond the limit it hears why, and is closed. */
    public void accept(Channel channel) {
        accepted.increment();
        int now = connections.incrementAndGet();
        channel.closeFuture().addListener(_ -> connections.decrementAndGet());
        int max = settings.maxConnections();
        int id = nextId();
        if (now + elsewhere > max + SPARE_CONNECTIONS) {
            refused.increment();
            onRejected(Rejection.TOO_MANY_CLIENTS);
            logTooMany(new ConnectionId(id), LoginHandler.peer(channel));
            channel.close();
            return;
        }
        boolean over = now + elsewhere > max;
        LoginHandler login = new LoginHandler(this, services, id, over, null);
        logins.add(login);
        channel.pipeline().addLast(login);
    }

    void logTooMany(LogSubject client, String peer) {
        LOG.warn(
                "{} client {} rejected: too many clients (current={}, max={})",
                client,
                peer,
                connections.get() + elsewhere,
                settings.maxConnections());
    }

    /** Counts a client that comes from another process, or comes back. */
    private void join(Channel channel) {
        connections.incrementAndGet();
        channel.closeFuture().addListener(_ -> connections.decrementAndGet());
        services.loops().join(channel);
    }

    /** A login that began elsewhere goes on on this channel. */
    void adoptLogin(Channel channel, FrozenLogin frozen) {
        join(channel);
        var login = new LoginHandler(this, services, frozen.id(), frozen.overLimit(), frozen);
        logins.add(login);
        channel.pipeline().addLast(login);
    }

    /** The login has come to its end. */
    void onLoginEnd(LoginHandler login) {
        logins.remove(login);
    }

    /**
     * Connections since the start of this process, or of the first one it took over from.
     *
     * @param accepted all of them
     * @param refused closed before their login was through
     * @param logins clients that logged in
     * @param secureLogins those of them with TLS
     * @param cancelRequests those that came for that
     */
    public record Counts(
            long accepted, long refused, long logins, long secureLogins, long cancelRequests) {}

    public Counts counts() {
        return new Counts(
                accepted.sum(),
                refused.sum(),
                startups.sum(),
                secureStartups.sum(),
                cancelRequests.sum());
    }

    /** Counts of another process that goes continue here. */
    public void inherit(Counts counts) {
        accepted.add(counts.accepted());
        refused.add(counts.refused());
        startups.add(counts.logins());
        secureStartups.add(counts.secureLogins());
        cancelRequests.add(counts.cancelRequests());
    }

    /** Bytes of client messages held in memory. */
    public long heldBytes() {
        return memory.used();
    }

    /** A client is turned away before its authentication. */
    void onRejected(Rejection reason) {
        Objects.requireNonNull(rejections.get(reason)).increment();
    }

    /** Clients turned away before their authentication; counted as {@link Counts}. */
    public long rejected(Rejection reason) {
        return Objects.requireNonNull(rejections.get(reason)).sum();
    }

    /** Counts of another process that goes continue here. */
    public void inherit(Rejection reason, long count) {
        Objects.requireNonNull(rejections.get(reason)).add(count);
    }

    /** A login was refused. */
    void onRefused() {
        refused.increment();
    }

    /** Clients that are not logged in yet. */
    public Collection<LoginHandler> logins() {
        return logins;
    }

    /** Clients of the admin console. */
    public Collection<ConsoleClient> consoles() {
        return consoles;
    }

    /** A client has opened the admin console, on this channel. */
    void onConsole(ConsoleClient console, Channel channel) {
        consoles.add(console);
        channel.closeFuture().addListener(_ -> consoles.remove(console));
    }

    /** It is on no loop of this process any more. */
    void onDetached(ConsoleClient console) {
        consoles.remove(console);
    }

    /** It goes on here. */
    void onAdopted(ConsoleClient console, Channel channel) {
        join(channel);
        onConsole(console, channel);
    }

    /**
     * Connections of another process that shares the limit with this one.
     *
     * @param count 0 if this process is alone
     */
    public void setElsewhere(int count) {
        elsewhere = count;
    }

    /** The number of the connection accepted last. */
    public int lastId() {
        return lastId.get();
    }

    /** Connections accepted from now on have higher numbers. */
    public void continueAfter(int id) {
        // Numbers wrap around: they are compared by their distance, unless there is none here yet.
        lastId.accumulateAndGet(
                id, (mine, theirs) -> mine == 0 || theirs - mine > 0 ? theirs : mine);
    }

    /** Clients in a transaction at this moment, asked loop by loop. Not for an event loop. */
    public int countInTransactions() {
        var count = new AtomicInteger();
        CompletableFuture<?>[] asked =
                all().stream()
                        .map(
                                session ->
                                        CompletableFuture.runAsync(
                                                () -> {
                                                    if (session.isInTransaction()) {
                                                        count.incrementAndGet();
                                                    }
                                                },
                                                session.channel().eventLoop()))
                        .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(asked).get(COUNT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Exception e) {
            LOG.debug("not all loops answered", e);
        }
        return count.get();
    }

    /** Idle clients are told to go, the others when their transaction is over. */
    public void shutDown() {
        shuttingDown = true;
        for (Session session : all()) {
            session.channel().eventLoop().execute(session::onShutdown);
        }
    }

    void onLogin(Session session) {
        startups.increment();
        boolean secure = TlsRecords.of(session.channel()) != null;
        if (secure) {
            secureStartups.increment();
        }
        byProcessId.put(session.identity().id(), session);
        if (settings.logConnections()) {
            String address = session.identity().address();
            String kind = secure ? "tls" : address.startsWith("unix") ? "unix" : "plain";
            LOG.info("{} client connected from {} ({})", session.identity(), address, kind);
        }
    }

    void onClosed(Session session, CloseReason reason) {
        byProcessId.remove(session.identity().id(), session);
        if (settings.logDisconnections()) {
            LOG.info(
                    "{} client disconnected from {}: {}",
                    session.identity(),
                    session.identity().address(),
                    reason.text());
        }
    }

    /** It is on no loop of this process any more. */
    void onDetached(Session session) {
        byProcessId.remove(session.identity().id(), session);
    }

    /** It goes on here, on a channel of its own. */
    void onAdopted(Session session) {
        join(session.channel());
        byProcessId.put(session.identity().id(), session);
    }

    /** Who is asked about cancel requests for sessions that are not here; null for nobody. */
    public void setCancelRelay(@Nullable CancelRelay relay) {
        cancelRelay = relay;
    }

    /**
     * A cancel request, whose key is checked here or by the other process.
     *
     * @param onDone called once, on any thread, when the request can meet no later query any more
     */
    public void cancel(CancelKey key, Runnable onDone) {
        cancelRequests.increment();
        cancelHere(key)
                .whenComplete(
                        (known, _) -> {
                            CancelRelay relay = cancelRelay;
                            if (Boolean.TRUE.equals(known)) {
                                onDone.run();
                            } else if (relay == null) {
                                LOG.debug("cancel request with an unknown key");
                                onDone.run();
                            } else {
                                relay.cancel(key, onDone);
                            }
                        });
    }

    /**
     * As {@link #cancel}, but nobody else is asked.
     *
     * @return completes with true when the request is through, with false if no session here has
     *     this key, or it is just leaving
     */
    public CompletableFuture<Boolean> cancelHere(CancelKey key) {
        Session session = find(key);
        if (session == null) {
            return CompletableFuture.completedFuture(false);
        }
        var done = new CompletableFuture<Boolean>();
        EventLoop loop = session.channel().eventLoop();
        loop.execute(
                () -> {
                    Session now = find(key);
                    if (now == null || !now.channel().eventLoop().equals(loop)) {
                        done.complete(false);
                    } else {
                        now.onCancelRequest(() -> done.complete(true));
                    }
                });
        return done;
    }

    /** The thawed form of a session takes its place. */
    void replace(Session thawed) {
        byProcessId.put(thawed.identity().id(), thawed);
    }

    /** The session with this key; null for a wrong one, of which nobody is told. */
    @Nullable Session find(CancelKey key) {
        Session session = byProcessId.get(key.processId());
        return session != null && session.identity().cancelKey().equals(key) ? session : null;
    }
}
