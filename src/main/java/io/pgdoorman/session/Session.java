package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.backend.ErrorFate;
import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerOwner;
import io.pgdoorman.backend.Skipped;
import io.pgdoorman.config.SessionState;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.pool.Ticket;
import io.pgdoorman.pool.Waiter;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One client after its login: gets a server when it needs one, relays in both directions, gives the
 * server back when the transaction is over (or, in session mode, when the client leaves).
 *
 * <pre>
 *             message                       server found
 *   IDLE ───────────────► (acquire) ──────────────────────────► LINKED
 *    ▲ ▲                       │ none idle                       │  ▲
 *    │ │                       ▼                                 │  │ onServer
 *    │ │ onRefused          WAITING ─────────────────────────────┼──┘
 *    │ └───────────────────────┘                                 │
 *    └───────────────── settled: no transaction, no reply due ───┘
 *   any ── Terminate, end of input, violation, server lost ──► CLOSED
 * </pre>
 *
 * <p>What the messages mean is the {@link Conversation}'s to know. Back-pressure: while the client
 * does not read, neither its server nor itself is read; while the server does not read, the client
 * is not.
 *
 * <p>The state is an enum and not a record for each state because a link happens for each
 * transaction and must not allocate; {@code server} is set exactly in LINKED.
 *
 * <p>This class is longer than most: it is where the client's life, the pool and the server's
 * events meet, and each part of it needs {@code server} and {@code state}.
 *
 * <p>Threads: confined to the client channel's event loop; the linked server is on the same loop.
 */
public final class Session implements ServerOwner, Waiter {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private static final String NO_MEMORY =
            "Server is temporarily out of memory. Please try again later or reduce the size of your"
                    + " query.";

    private enum State {
        IDLE,
        WAITING,
        LINKED,
        CLOSED
    }

    /**
     * How the session ends when the client has got its last answer.
     *
     * @param error what it is told then; null for a client that has left
     */
    private record Ending(CloseReason reason, @Nullable ErrorResponse error) {
        static final Ending INPUT_ENDED = new Ending(CloseReason.CLIENT_GONE, null);
        static final Ending TERMINATED = new Ending(CloseReason.TERMINATED, null);

        static Ending violation(ErrorResponse error) {
            return new Ending(CloseReason.PROTOCOL_VIOLATION, error);
        }

        /** What the client sends still counts: it was read before. */
        boolean isHeard() {
            return reason == CloseReason.CLIENT_GONE;
        }
    }

    private final ClientIdentity identity;
    private final Sessions sessions;
    private final Shard shard;
    private final Channel client;
    private final ClientTally tally;
    private final Conversation conversation;
    private final SlowReaderWatch slowReader;
    private final PendingInput pending;

    private State state = State.IDLE;
    private @Nullable Server server;
    private @Nullable Ticket ticket;

    /** The mode of the pool when the server was linked: a reload may change it meanwhile. */
    private boolean sessionMode;

    private boolean shuttingDown;

    /** Null as long as the client may send more. */
    private @Nullable Ending ending;

    private long connectedNanos = System.nanoTime();

    Session(
            ClientIdentity identity,
            Sessions sessions,
            Shard shard,
            Channel client,
            ParameterSet reported) {
        this.identity = identity;
        this.sessions = sessions;
        this.shard = shard;
        this.client = client;
        this.tally = new ClientTally(shard.stats());
        this.conversation = new Conversation(this, sessions, shard, client, tally, reported);
        this.pending = new PendingInput(sessions.memory(), client.alloc());
        this.slowReader =
                new SlowReaderWatch(
                        client,
                        () -> sessions.settings().slowReaderNanos(),
                        () -> server != null,
                        () -> close(CloseReason.SLOW_READER));
    }

    public ClientIdentity identity() {
        return identity;
    }

    public Channel channel() {
        return client;
    }

    Shard shard() {
        return shard;
    }

    /** The linked server; null if there is none. */
    @Nullable Server server() {
        return server;
    }

    /** To be asked on the client's loop. */
    public Pool pool() {
        return shard.pool();
    }

    /** Whether it lives, and no cancel request for its server is on its way. */
    boolean isMovable() {
        return state != State.CLOSED && (server == null || !server.isCancelInFlight());
    }

    boolean isOf(Pool pool) {
        return shard.pool().equals(pool);
    }

    /** What it is doing, in words; to be asked on the client's loop. */
    public String activity() {
        return switch (state) {
            case IDLE -> "idle";
            case WAITING -> "waiting";
            case LINKED -> {
                Server s = linked();
                if (s.status() != TransactionStatus.IDLE) {
                    yield "in transaction";
                }
                yield s.replies().isSettled() ? "holding an idle server" : "active";
            }
            case CLOSED -> "closing";
        };
    }

    /** To be asked on the client's loop. */
    public SessionView view() {
        Server s = server;
        Ticket t = ticket;
        String wait = !client.isWritable() ? "write" : s == null ? "idle" : "read";
        return new SessionView(
                Objects.requireNonNullElse(
                        conversation.parameters().current().get(ClientParameters.APPLICATION_NAME),
                        identity.applicationName()),
                state == State.WAITING ? "waiting" : s == null ? "idle" : "active",
                wait,
                tally.freeze(),
                connectedNanos,
                state == State.WAITING && t != null ? t.sinceNanos() : 0,
                s == null ? 0 : s.identity().cancelKey().processId(),
                conversation.statementCount());
    }

    /** What it sends is read, and counts. */
    boolean isHeard() {
        return state != State.CLOSED && (ending == null || ending.isHeard());
    }

    private boolean isTerminated() {
        return ending != null && ending.reason() == CloseReason.TERMINATED;
    }

    boolean isWaiting() {
        return state == State.WAITING;
    }

    /** Without a server and without a wish for one; to be asked on the client's loop. */
    public boolean isResting() {
        return state == State.IDLE;
    }

    /** With a server of its own; to be asked on the client's loop. */
    public boolean isLinked() {
        return server != null;
    }

    /** Grows with everything it does; to be asked on the client's loop. */
    public long activityCount() {
        return tally.activity();
    }

    /** For the shutdown's log line; to be asked on the client's loop. */
    public boolean isInTransaction() {
        return server != null && server.status() != TransactionStatus.IDLE;
    }

    // ---- events of the client's channel ---------------------------------------------------------

    /** Consumes {@code in}. */
    void onRead(ByteBuf in) {
        tally.received(in.readableBytes());
        if (ending != null) {
            in.release();
            return;
        }
        switch (state) {
            case CLOSED -> in.release();
            case WAITING -> hold(in, in.readerIndex());
            case IDLE, LINKED -> relay(in);
        }
    }

    void onReadComplete() {
        conversation.flush();
    }

    void onWritabilityChanged() {
        if (isTerminated() && !client.isWritable()) {
            close(CloseReason.TERMINATED); // it reads no more
            return;
        }
        updateReading();
        slowReader.onChange();
    }

    void onInactive() {
        close(CloseReason.CLIENT_GONE);
    }

    /**
     * The client sends no more. What it asked for is still answered, as PostgreSQL does, which sees
     * the end only when it reads on.
     */
    void onInputEnd() {
        if (ending != null) {
            return; // it had said so
        }
        boolean answerDue =
                switch (state) {
                    case WAITING -> true;
                    case LINKED -> conversation.isAnswerDue(linked());
                    case IDLE, CLOSED -> false;
                };
        if (answerDue) {
            endLater(Ending.INPUT_ENDED);
        } else {
            close(CloseReason.CLIENT_GONE);
        }
    }

    /** With the last answer; but a server is not kept for long by a client that may be gone. */
    private void endLater(Ending how) {
        ending = how;
        client.eventLoop()
                .schedule(
                        () -> {
                            if (state != State.CLOSED) {
                                finish();
                            }
                        },
                        shard.pool().settings().drainNanos(),
                        TimeUnit.NANOSECONDS);
    }

    /** The client sends no more, and all it can still get it has got. */
    private void finish() {
        Ending how = Objects.requireNonNull(ending);
        if (how.error() == null) {
            client.flush();
            close(how.reason());
        } else {
            fail(how.reason(), how.error());
        }
    }

    void onFailure(Throwable cause) {
        LOG.error("{} unexpected failure, closing the session", identity, cause);
        fail(
                CloseReason.INTERNAL,
                ErrorResponse.of(
                        Severity.FATAL, SqlState.INTERNAL_ERROR, "internal error of the pooler"));
    }

    /**
     * The client's own cancel request, whose key was checked.
     *
     * @param onDone called on this loop when the request can meet no later query any more
     */
    void onCancelRequest(Runnable onDone) {
        switch (state) {
            case LINKED -> {
                Server s = linked();
                if (!s.replies().isEmpty() && !s.isCancelInFlight()) {
                    shard.cancel(s, onDone);
                    return;
                }
            }
            case WAITING -> {
                leaveQueue();
                onRefused(
                        ErrorResponse.of(
                                Severity.ERROR,
                                SqlState.QUERY_CANCELED,
                                "canceling statement due to user request"));
            }
            case IDLE, CLOSED -> {} // nothing runs
        }
        onDone.run();
    }

    /** The process ends: at once for an idle client, for others with their transaction. */
    void onShutdown() {
        shuttingDown = true;
        Server s = server;
        boolean idle =
                s == null
                        ? state == State.IDLE
                        : s.replies().isSettled() && s.status() == TransactionStatus.IDLE;
        if (idle) {
            failForShutdown();
        }
    }

    /** By an operator's order. */
    public void kill() {
        failForShutdown();
    }

    private void failForShutdown() {
        fail(
                CloseReason.SHUTDOWN,
                ErrorResponse.of(
                        Severity.FATAL,
                        SqlState.ADMIN_SHUTDOWN,
                        "terminating connection due to administrator command"));
    }

    // ---- client to server -----------------------------------------------------------------------

    /** Consumes {@code in}. */
    private void relay(ByteBuf in) {
        try {
            int done = conversation.read(in);
            if (!conversation.countHeld()) {
                fail(
                        CloseReason.NO_MEMORY,
                        ErrorResponse.of(Severity.FATAL, SqlState.OUT_OF_MEMORY, NO_MEMORY));
                return;
            }
            if (state == State.WAITING) {
                hold(in.retain(), done);
            } else if (server != null) {
                server.setMessageCut(conversation.isCut());
            }
            if (conversation.takeSettled() && server != null) {
                onServerSettled(server);
            }
        } catch (ProtocolException e) {
            onViolation(e);
        } finally {
            in.release();
            if (state == State.CLOSED) {
                conversation.releaseStream();
            }
        }
    }

    /** Of a message that is passed on when it is complete. On the loop. */
    public int heldBytes() {
        return conversation.heldBytes();
    }

    /** Calls {@code action} for each statement that the client has prepared. On the loop. */
    public void forEachStatement(Consumer<? super Statement> action) {
        conversation.forEachStatement(action);
    }

    /** The client leaves; what it asked for before is still answered, as PostgreSQL does. */
    void onTerminate() {
        if (server != null && conversation.isAnswerDue(server) && client.isWritable()) {
            endLater(Ending.TERMINATED);
        } else {
            close(CloseReason.TERMINATED);
        }
    }

    /** What the client asked for before is still answered, as PostgreSQL would have by then. */
    private void onViolation(ProtocolException violation) {
        var error =
                ErrorResponse.of(
                        Severity.FATAL,
                        violation.sqlState(),
                        String.valueOf(violation.getMessage()));
        if (server != null && conversation.isAnswerDue(server)) {
            server.flush();
            endLater(Ending.violation(error));
        } else {
            fail(CloseReason.PROTOCOL_VIOLATION, error);
        }
    }

    // ---- getting a server -----------------------------------------------------------------------

    /** True if a server is linked now; false if the client waits. */
    boolean acquire() {
        Ticket t = ticket;
        if (t == null) {
            t = new Ticket(this);
            ticket = t;
        }
        Server found = shard.acquire(t, identity.profile());
        if (found == null) {
            enter(State.WAITING);
            return false;
        }
        tally.assigned();
        link(found);
        return true;
    }

    private void link(Server found) {
        server = found;
        sessionMode = shard.pool().settings().sessionMode();
        conversation.onLinked(shard.pool().settings());
        found.setOwner(this);
        enter(State.LINKED);
        if (!client.isWritable()) {
            updateReading();
            slowReader.onChange();
        }
    }

    /** Keeps what cannot be relayed yet. Consumes {@code in}. */
    private void hold(ByteBuf in, int index) {
        if (!pending.add(in, index)) {
            leaveQueue();
            onRefused(ErrorResponse.of(Severity.ERROR, SqlState.OUT_OF_MEMORY, NO_MEMORY));
        } else if (pending.isFull()) {
            client.config().setAutoRead(false);
        }
    }

    @Override
    public void onServer(Server found) {
        Ticket t = ticket;
        long waited = t == null ? 0 : System.nanoTime() - t.sinceNanos();
        tally.assigned(waited);
        long slow = sessions.settings().slowCheckoutNanos();
        if (slow > 0 && waited >= slow) {
            Sessions.logSlowCheckout(identity, waited, found, shard.pool());
        }
        link(found);
        relayPending();
    }

    @Override
    public void onRefused(ErrorResponse reason) {
        LOG.warn("{} failed to get server connection: {}", identity, reason.fields());
        tally.refused(reason.sqlState());
        enter(State.IDLE);
        conversation.refuse(reason);
        relayPending();
    }

    private void relayPending() {
        relay(pending.take());
        if (state == State.CLOSED) {
            return;
        }
        onReadComplete();
        client.flush();
        updateReading();
        if (shuttingDown && state == State.IDLE) {
            failForShutdown();
        } else if (ending != null && (server == null || !conversation.isAnswerDue(server))) {
            finish();
        }
    }

    private void leaveQueue() {
        if (ticket != null) {
            shard.leave(ticket);
        }
    }

    // ---- server to client -----------------------------------------------------------------------

    @Override
    public void onServerBytes(Server s, ByteBuf in, int from, int to) {
        conversation.onServerBytes(in, from, to);
        slowReader.write(Conversation.piece(in, from, to));
    }

    @Override
    public void onSkipped(Server s, Skipped kind) {
        conversation.onSkipped(s, kind);
    }

    @Override
    public void onStatementConfirmed(Server s) {
        conversation.onStatementConfirmed();
    }

    @Override
    public void onStatementsUndone(Server s, int count, boolean firstFailed) {
        conversation.onStatementsUndone(count, firstFailed);
    }

    @Override
    public void onStatementsGone(Server s) {
        conversation.onStatementsGone();
    }

    @Override
    public ErrorFate onError(Server s, ByteBuf in, int index, int bodyLength) {
        if (s.isComingToRest()
                && !sessionMode
                && !conversation.isCut()
                && shard.pool().settings().sessionState() != SessionState.PIN) {
            return ErrorFate.DROPPED; // PostgreSQL ends what this client gives back in a moment
        }
        return conversation.onError(s, in, index, bodyLength);
    }

    @Override
    public boolean onParameterStatus(Server s, String name, String value) {
        return conversation.parameters().onReported(name, value);
    }

    @Override
    public void onServerReadComplete(Server s) {
        conversation.onServerReadComplete();
        if (ending != null && !conversation.isAnswerDue(s)) {
            finish(); // in a transaction, perhaps, that nobody will end any more
        }
    }

    @Override
    public void onAnswered(Server s) {
        conversation.onAnswered(s);
    }

    @Override
    public void onServerSettled(Server s) {
        conversation.onSettled(s);
        if (shuttingDown) {
            failForShutdown();
        } else if (ending != null) {
            finish();
        } else if (conversation.isCut()) {
            conversation.settleLater();
        } else if (!sessionMode && mayLeave(s)) {
            client.flush();
            unlink();
            shard.release(s);
        }
    }

    /** Whether the server goes back; else the client keeps it, or is closed. */
    private boolean mayLeave(Server s) {
        SessionBonds bonds = conversation.bonds();
        if (bonds == null) {
            return true;
        }
        return switch (bonds.onSettled(s, shard.pool().settings())) {
            case LEAVES -> true;
            case STAYS -> {
                sessionMode = true;
                yield false;
            }
            case FORBIDDEN -> {
                fail(CloseReason.SESSION_STATE, bonds.forbidden());
                yield false;
            }
        };
    }

    @Override
    public void onOwnQueryFailed(Server s, ErrorResponse error) {
        // The client's next message went out behind it: its answers would not be what it asked for.
        fail(CloseReason.PARAMETERS, error.withSeverity(Severity.FATAL));
    }

    @Override
    public void onServerClosed(Server s, boolean explained) {
        server = null;
        tally.idle();
        shard.onLost(s);
        if (explained) {
            close(CloseReason.SERVER_GONE);
        } else {
            fail(
                    CloseReason.SERVER_GONE,
                    ErrorResponse.of(
                            Severity.FATAL,
                            SqlState.CONNECTION_FAILURE,
                            "server closed the connection unexpectedly"));
        }
    }

    private void unlink() {
        server = null;
        conversation.onUnlinked();
        enter(State.IDLE);
        if (!client.config().isAutoRead()) {
            updateReading();
        }
    }

    // ---- back-pressure --------------------------------------------------------------------------

    @Override
    public void onServerWritable(Server s, boolean writable) {
        updateReading();
    }

    void updateReading() {
        if (state == State.CLOSED) {
            return;
        }
        boolean clientWritable = client.isWritable();
        Server s = server;
        boolean waitsWithMuch = state == State.WAITING && pending.isFull();
        client.config()
                .setAutoRead(clientWritable && !waitsWithMuch && (s == null || s.isWritable()));
        if (s != null) {
            s.channel().config().setAutoRead(clientWritable);
        }
    }

    // ---- the end --------------------------------------------------------------------------------

    /** Tells the client why, then closes. */
    private void fail(CloseReason reason, ErrorResponse error) {
        if (state != State.CLOSED) {
            warn(reason, error.fields());
            end(reason);
            ClientOutput.closeAfter(client, error);
        }
    }

    /** A client that is closed against its will leaves a line, whatever else is logged. */
    private void warn(CloseReason reason, Object detail) {
        if (reason == CloseReason.SHUTDOWN) {
            LOG.warn("{} dropping client {}: {}", identity, identity.address(), detail);
        } else {
            LOG.warn(
                    "{} client {} disconnected with error: {}: {}",
                    identity,
                    identity.address(),
                    reason.text(),
                    detail);
        }
    }

    void close(CloseReason reason) {
        if (state == State.CLOSED) {
            return;
        }
        if (reason == CloseReason.SLOW_READER
                || reason == CloseReason.DEAD_PEER
                || reason == CloseReason.SERVER_GONE) {
            // It has heard it from the server, or hears nothing any more.
            LOG.warn(
                    "{} client {} disconnected with error: {}",
                    identity,
                    identity.address(),
                    reason.text());
        }
        end(reason);
        switch (reason) {
            case CLIENT_GONE, DEAD_PEER, SLOW_READER, TERMINATED, TLS ->
                    client.close(); // waits for no message
            case NO_MEMORY,
                    PROTOCOL_VIOLATION,
                    SERVER_GONE,
                    PARAMETERS,
                    SESSION_STATE,
                    SHUTDOWN,
                    INTERNAL ->
                    ClientOutput.closeAfter(client, null);
        }
    }

    /** Gives back what the session owns; the channel is the caller's to close. */
    private void end(CloseReason reason) {
        State last = state;
        Server held = server;
        enter(State.CLOSED);
        server = null;
        conversation.end(held);
        pending.release();
        if (last == State.WAITING) {
            leaveQueue();
        }
        if (held != null) {
            held.setMessageCut(conversation.isCut());
            if (sessionMode) {
                held.suspectEverything();
            }
            shard.abandon(held);
        }
        sessions.onClosed(this, reason);
    }

    // ---- freeze ---------------------------------------------------------------------------------

    /**
     * This session and its server as data; both objects are of no use afterwards, the channels stay
     * as they are. Flushes before.
     */
    FrozenSession freeze() {
        conversation.flush();
        client.flush();
        FrozenSession.Place place = null;
        Ticket t = ticket;
        if (state == State.WAITING && t != null) {
            place = new FrozenSession.Place(t.sinceNanos(), t.deadlineNanos());
            shard.leave(t);
        }
        var frozen =
                new FrozenSession(
                        identity,
                        server == null ? null : server.freeze(),
                        conversation.freeze(),
                        sessionMode,
                        pending.freeze(),
                        place,
                        ending != null,
                        isTerminated(),
                        shuttingDown,
                        ending == null ? null : ending.error(),
                        tally.freeze(),
                        connectedNanos);
        state = State.CLOSED;
        server = null;
        return frozen;
    }

    /**
     * Goes on where the frozen session stopped; {@link #resume} when the channels' handlers know.
     *
     * @param client the client's connection, on the loop of {@code shard}
     * @param serverChannel the server's connection, on the same loop; null if none was linked
     */
    static Session thaw(
            FrozenSession frozen,
            Sessions sessions,
            Shard shard,
            Channel client,
            @Nullable Channel serverChannel) {
        FrozenConversation conversation = frozen.conversation();
        var session =
                new Session(frozen.identity(), sessions, shard, client, conversation.parameters());
        session.conversation.restore(conversation);
        session.shuttingDown = frozen.shuttingDown();
        session.sessionMode = frozen.sessionMode();
        session.ending = ending(frozen);
        session.tally.restore(frozen.counts());
        session.connectedNanos = frozen.connectedNanos();
        session.pending.restore(frozen.pending());
        FrozenServer frozenServer = frozen.server();
        if (frozenServer != null && serverChannel != null) {
            session.server = Server.thaw(frozenServer, serverChannel, session, shard.pool()::adopt);
            session.state = State.LINKED;
        }
        return session;
    }

    private static @Nullable Ending ending(FrozenSession frozen) {
        if (frozen.farewell() != null) {
            return Ending.violation(frozen.farewell());
        }
        if (frozen.terminated()) {
            return Ending.TERMINATED;
        }
        return frozen.inputEnded() ? Ending.INPUT_ENDED : null;
    }

    /** Back into the queue, by age, if the frozen session stood there. */
    void resume(FrozenSession frozen) {
        FrozenSession.Place place = frozen.place();
        if (place != null) {
            var again = new Ticket(this);
            ticket = again;
            state = State.WAITING;
            shard.rejoin(again, identity.profile(), place.sinceNanos(), place.deadlineNanos());
        }
        if (server != null) {
            updateReading();
            slowReader.onChange();
        }
        if (ending != null) {
            endLater(ending);
        }
    }

    @Override
    public void onRehearse(Server s) {
        rehearse();
    }

    /** Freezes and thaws in place: a test of the state's completeness. */
    void rehearse() {
        if (state == State.CLOSED) {
            return;
        }
        Server before = server;
        FrozenSession frozen = freeze();
        Session thawed =
                thaw(frozen, sessions, shard, client, before == null ? null : before.channel());
        Server after = thawed.server;
        if (before != null && after != null) {
            shard.replace(before, after);
            after.channel().pipeline().get(ServerHandler.class).replace(after);
        }
        client.pipeline().get(ClientHandler.class).replace(thawed);
        sessions.replace(thawed);
        thawed.resume(frozen);
    }

    /** The linked server, where there has to be one. */
    Server linked() {
        Server s = server;
        if (s == null) {
            throw new IllegalStateException("no server is linked");
        }
        return s;
    }

    /** The one place where {@link #state} changes while the session lives. */
    private void enter(State next) {
        assert client.eventLoop().inEventLoop();
        if (LOG.isTraceEnabled()) {
            LOG.trace("{} {} -> {}", identity, state, next);
        }
        state = next;
    }
}
