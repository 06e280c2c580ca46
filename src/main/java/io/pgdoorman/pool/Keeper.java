package io.pgdoorman.pool;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.backend.ErrorFate;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.backend.ServerOwner;
import io.pgdoorman.backend.Skipped;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The owner of every server that no client has: it makes sure that a server reaches its next client
 * as new.
 *
 * <pre>
 *   release ── settled and clean ────────────────────────────────────► shard.offer
 *      └─ open transaction or traces ── CLEANING ── settled ──────────► shard.offer
 *   abandon ── replies outstanding ── DRAINING ── settled ──► as release
 *      └─ in the middle of a message or of a batch ──────────────────► shard.discard
 *   check ── CHECKING ── settled ────────────────────────────────────► shard.offer
 *   idle ── PostgreSQL says that it ends the session ────────────────► shard.discard
 *   any ── a cancel request is under way ── CANCELLING ── it is through ─► as release
 *   any chore ── deadline ───────────────────────────────────────────► shard.discard
 * </pre>
 *
 * <p>Threads: confined to the loop of its shard.
 */
final class Keeper implements ServerOwner {
    private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);

    /** A departed client's reply longer than this is cancelled, not read to its end. */
    private static final long MAX_DRAINED_BYTES = 1 << 20;

    private static final String ENDED = "ended by PostgreSQL";

    private final Shard shard;
    private final Pool pool;
    private final IdentityHashMap<Server, Chore> chores = new IdentityHashMap<>();

    Keeper(Shard shard, Pool pool) {
        this.shard = shard;
        this.pool = pool;
    }

    boolean isEmpty() {
        return chores.isEmpty();
    }

    /** Adds the profiles of the servers that will very likely be offered within moments. */
    void addSoonFree(List<ParameterSet> profiles) {
        for (Map.Entry<Server, Chore> entry : chores.entrySet()) {
            switch (entry.getValue().kind) {
                case CLEANING, CHECKING -> profiles.add(entry.getKey().profile());
                case DRAINING, CANCELLING -> {} // may take seconds
            }
        }
    }

    /** A server whose client is done with it, or that has to be looked at. */
    void recycle(Server server) {
        server.setOwner(this);
        if (!server.channel().config().isAutoRead()) {
            server.channel().config().setAutoRead(true);
        }
        boolean traces = pool.settings().cleanup();
        if (server.isClosed()) {
            shard.forget(server);
        } else if (server.isLeaving()) {
            shard.discard(server, ENDED);
        } else if (!server.isReusable()) {
            shard.discard(server, "position in the protocol unknown");
        } else if (server.isCancelInFlight()) {
            start(server, Chore.Kind.CANCELLING, pool.settings().choreNanos());
        } else if (server.needsCleanup(traces)) {
            tellCleanUp(server);
            start(server, Chore.Kind.CLEANING, pool.settings().choreNanos());
            server.cleanUp(traces);
        } else {
            server.forgetTraces();
            shard.offer(server);
        }
    }

    private static void tellCleanUp(Server server) {
        ServerIdentity identity = server.identity();
        if (server.status() == TransactionStatus.IDLE) {
            LOG.debug("{} session state cleanup pid={}", identity.where(), identity.pid());
        } else {
            LOG.warn(
                    "{} server returned in transaction, rolling back pid={}",
                    identity.where(),
                    identity.pid());
        }
    }

    /** A server whose client is gone, wherever that left it. */
    void abandon(Server server) {
        server.setOwner(this);
        server.channel().config().setAutoRead(true);
        if (server.isMessageCut() || server.replies().isConfused()) {
            shard.discard(server, "client left in the middle of a message");
        } else if (server.replies().isSettled()) {
            recycle(server);
        } else if (server.replies().isBatchOpen()
                && !server.replies().isCopyIn()
                && !server.replies().isSkipping()) {
            // Its Sync would commit what the client never meant to commit.
            shard.discard(server, "client left before the Sync of its batch");
        } else {
            LOG.warn(
                    "{} draining unread data from server pid={}: its client has left",
                    server.identity().where(),
                    server.identity().pid());
            start(server, Chore.Kind.DRAINING, pool.settings().drainNanos());
            server.endOpenWork();
            server.flush();
        }
    }

    /** A server idle for long: is it still there? */
    void check(Server server) {
        start(server, Chore.Kind.CHECKING, pool.settings().choreNanos());
        server.sendOwnQuery(";");
        server.flush();
    }

    /** See {@link Shard#cancel}. */
    void cancel(Server server, Runnable onDone) {
        server.cancelStarted();
        long id = server.identity().id();
        pool.source()
                .cancel(
                        server,
                        () -> {
                            onCancelDone(id);
                            onDone.run();
                        });
    }

    private void onCancelDone(long id) {
        Server server = shard.find(id);
        if (server != null && server.cancelEnded()) {
            Chore chore = chores.get(server);
            if (chore != null && chore.kind == Chore.Kind.CANCELLING) {
                chores.remove(server);
                recycle(server);
            }
        }
    }

    List<Server> servers() {
        return List.copyOf(chores.keySet());
    }

    /** From another process, idle or with replies outstanding that nobody waits for. */
    void adopt(Server server) {
        if (server.replies().isSettled()) {
            recycle(server);
        } else {
            start(server, Chore.Kind.DRAINING, pool.settings().drainNanos());
            server.channel().config().setAutoRead(true);
        }
    }

    void forget(Server server) {
        chores.remove(server);
    }

    void replace(Server frozen, Server thawed) {
        Chore chore = chores.remove(frozen);
        if (chore != null) {
            chores.put(thawed, chore);
        }
    }

    private void start(Server server, Chore.Kind kind, long nanos) {
        chores.put(server, new Chore(kind, System.nanoTime() + nanos));
        shard.armTick();
    }

    void onTick(long now) {
        for (Map.Entry<Server, Chore> entry : List.copyOf(chores.entrySet())) {
            if (now - entry.getValue().deadlineNanos >= 0) {
                onOverdue(entry.getKey(), entry.getValue(), now);
            }
        }
    }

    private void onOverdue(Server server, Chore chore, long now) {
        switch (chore.kind) {
            case CHECKING -> shard.discard(server, "failed alive check");
            case CLEANING -> shard.discard(server, "clean-up took too long");
            case CANCELLING -> shard.discard(server, "cancel request took too long");
            case DRAINING -> {
                if (chore.cancelled) {
                    shard.discard(server, "did not stop after its client had left");
                } else {
                    chore.cancelled = true;
                    chore.deadlineNanos = now + pool.settings().choreNanos();
                    cancel(server, () -> {});
                }
            }
        }
    }

    // ---- events of the servers -----------------------------------------------------------------

    /** Replies nobody waits for. */
    @Override
    public void onServerBytes(Server server, ByteBuf in, int from, int to) {
        Chore chore = chores.get(server);
        if (chore != null && chore.kind == Chore.Kind.DRAINING) {
            chore.drainedBytes += to - from;
            if (chore.drainedBytes > MAX_DRAINED_BYTES && !chore.cancelled) {
                chore.cancelled = true;
                cancel(server, () -> {});
            }
        }
    }

    /** Nobody waits for that either. */
    @Override
    public void onSkipped(Server server, Skipped kind) {}

    @Override
    public void onStatementConfirmed(Server server) {}

    @Override
    public void onStatementsUndone(Server server, int count, boolean firstFailed) {}

    @Override
    public void onStatementsGone(Server server) {}

    @Override
    public ErrorFate onError(Server server, ByteBuf in, int index, int bodyLength) {
        return ErrorFate.PASSES;
    }

    @Override
    public boolean onParameterStatus(Server server, String name, String value) {
        return false;
    }

    @Override
    public void onAnswered(Server server) {}

    @Override
    public void onServerSettled(Server server) {
        Chore chore = chores.get(server);
        if (chore != null && chore.kind != Chore.Kind.CANCELLING) {
            chores.remove(server);
            recycle(server);
        }
    }

    @Override
    public void onOwnQueryFailed(Server server, ErrorResponse error) {
        LOG.warn("{} clean-up failed: {}", server.identity(), error.fields());
        shard.discard(server, "clean-up failed");
    }

    @Override
    public void onServerReadComplete(Server server) {
        Chore chore = chores.get(server);
        if (chore == null || chore.kind != Chore.Kind.DRAINING) {
            if (server.isLeaving() && shard.has(server)) {
                shard.discard(server, ENDED); // its FIN may be a while in coming
            }
            return;
        }
        if (server.replies().isSettled()) {
            chores.remove(server); // the transaction is still open: recycle rolls it back
            recycle(server);
        } else {
            server.endOpenWork();
        }
    }

    @Override
    public void onServerWritable(Server server, boolean writable) {
        // What the pool itself sends is short.
    }

    @Override
    public void onServerClosed(Server server, boolean explained) {
        if (shard.has(server)) {
            shard.logClosed(server, "closed by PostgreSQL");
        }
        shard.forget(server);
    }

    @Override
    public void onRehearse(Server server) {
        if (shard.has(server)) { // else on its way to another loop: a freeze waits for its arrival
            Server thawed = Server.thaw(server.freeze(), server.channel(), this);
            shard.replace(server, thawed);
            server.channel().pipeline().get(ServerHandler.class).replace(thawed);
        }
    }
}
