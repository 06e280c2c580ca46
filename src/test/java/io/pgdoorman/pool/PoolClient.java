package io.pgdoorman.pool;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerOwner;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

/** What a session is to its pool: it waits, has a server, gives it back when that is settled. */
final class PoolClient implements Waiter, ServerOwner {
    final Shard shard;
    final ParameterSet profile;
    final Ticket ticket = new Ticket(this);
    @Nullable Server server;
    @Nullable ErrorResponse refusal;
    int served;

    /** Gives each server back at once, as a login does that only looks at it. */
    boolean onlyLooks;

    PoolClient(Shard shard) {
        this(shard, ParameterSet.EMPTY);
    }

    PoolClient(Shard shard, ParameterSet profile) {
        this.shard = shard;
        this.profile = profile;
    }

    PoolClient acquire() {
        refusal = null;
        Server found = shard.acquire(ticket, profile);
        if (found != null) {
            onServer(found);
        }
        return this;
    }

    boolean isLinked() {
        return server != null;
    }

    boolean isWaiting() {
        return ticket.isQueued();
    }

    Server server() {
        if (server == null) {
            throw new IllegalStateException("no server is linked");
        }
        return server;
    }

    ErrorResponse refusal() {
        if (refusal == null) {
            throw new IllegalStateException("not refused");
        }
        return refusal;
    }

    /** A query begins. */
    void query() {
        server().onFrontendMessage((byte) 'Q');
    }

    /** Its answer comes, and with it the end of the transaction if there is none open. */
    void answer(char status) {
        answer("SELECT 1", status);
    }

    void answer(String tag, char status) {
        channel().send(Backend.commandComplete(tag), Backend.readyForQuery(status));
    }

    /** A whole transaction; the server goes back. */
    void transact() {
        query();
        answer('I');
    }

    /** The client is gone. */
    void leave() {
        if (server != null) {
            Server held = server;
            server = null;
            shard.abandon(held);
        } else {
            shard.leave(ticket);
        }
    }

    TestChannel channel() {
        return FakeServers.channelOf(server());
    }

    @Override
    public void onServer(Server found) {
        if (server != null) {
            throw new IllegalStateException("a second server");
        }
        served++;
        if (onlyLooks) {
            shard.release(found);
        } else {
            server = found;
            found.setOwner(this);
        }
    }

    @Override
    public void onRefused(ErrorResponse reason) {
        if (server != null || refusal != null) {
            throw new IllegalStateException("refused, but served already");
        }
        refusal = reason;
    }

    @Override
    public void onAnswered(Server server) {}

    @Override
    public void onServerSettled(Server s) {
        server = null;
        shard.release(s);
    }

    @Override
    public void onServerClosed(Server s, boolean explained) {
        server = null;
        shard.onLost(s);
    }

    @Override
    public void onRehearse(Server s) {
        Server thawed = Server.thaw(s.freeze(), s.channel(), this);
        shard.replace(s, thawed);
        s.channel().pipeline().get(ServerHandler.class).replace(thawed);
        server = thawed;
    }

    @Override
    public void onServerBytes(Server s, ByteBuf in, int from, int to) {}

    @Override
    public void onSkipped(Server server, io.pgdoorman.backend.Skipped kind) {}

    @Override
    public void onStatementConfirmed(Server server) {}

    @Override
    public void onStatementsUndone(Server server, int count, boolean firstFailed) {}

    @Override
    public void onStatementsGone(Server server) {}

    @Override
    public io.pgdoorman.backend.ErrorFate onError(
            Server server, ByteBuf in, int index, int bodyLength) {
        return io.pgdoorman.backend.ErrorFate.PASSES;
    }

    @Override
    public boolean onParameterStatus(Server s, String name, String value) {
        return true;
    }

    @Override
    public void onOwnQueryFailed(Server s, ErrorResponse error) {}

    @Override
    public void onServerReadComplete(Server s) {}

    @Override
    public void onServerWritable(Server s, boolean writable) {}
}
