package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.wire.CancelKey;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

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

    private final MemoryBudget memory;
    private final SecureRandom random = new SecureRandom();

    /** Set by the shutdown on the control thread, read by logins. */
    private volatile boolean shuttingDown;

    private final AtomicInteger lastId = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final Map<Integer, Session> byProcessId = new ConcurrentHashMap<>();

    public Sessions(ClientDirectory directory, ClientServices services, SessionSettings settings) {
        this.directory = directory;
        this.services = services;
        this.settings = settings;
        this.memory = new MemoryBudget(settings.maxMemoryBytes());
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

    MemoryBudget memory() {
        return memory;
    }

    ClientDirectory directory() {
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

    /** Takes a new connection, on its loop. Beyond the limit it hears why, and is closed. */
    public void accept(Channel channel) {
        int now = connections.incrementAndGet();
        channel.closeFuture().addListener(_ -> connections.decrementAndGet());
        int max = settings.maxConnections();
        if (now > max + SPARE_CONNECTIONS) {
            channel.close();
            return;
        }
        channel.pipeline().addLast(new LoginHandler(this, services, nextId(), now > max));
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
        byProcessId.put(session.identity().id(), session);
        if (settings.logConnections()) {
            LOG.info(
                    "{} client logged in from {}",
                    session.identity(),
                    session.identity().address());
        }
    }

    void onClosed(Session session, CloseReason reason) {
        byProcessId.remove(session.identity().id(), session);
        if (settings.logDisconnections()) {
            LOG.info("{} client disconnected: {}", session.identity(), reason.text());
        }
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
