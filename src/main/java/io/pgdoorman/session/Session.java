package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.backend.ErrorFate;
import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ReplyQueue;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerOwner;
import io.pgdoorman.backend.Skipped;
import io.pgdoorman.config.SessionState;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.pool.Ticket;
import io.pgdoorman.pool.Waiter;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.NoticeResponse;
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
 * <p>Of the client's messages only type and length are looked at, and the words of statements; they
 * pass on as slices of the buffer they came in. Back-pressure: while the client does not read,
 * neither its server nor itself is read; while the server does not read, the client is not.
 *
 * <p>The state is an enum and not a record for each state because a link happens for each
 * transaction and must not allocate; {@code server} is set exactly in LINKED.
 *
 * <p>This class is longer than most: it is where both directions, the pool and the client's life
 * meet, and each part of it needs {@code server} and {@code state}.
 *
 * <p>Threads: confined to the client channel's event loop; the linked server is on the same loop.
 */
public final class Session
        implements ServerOwner, Waiter, FrameScanner.Visitor, StatementRelay.Stream {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /** A piece this small is copied to where another stands already. */
    private static final int MAX_COMPOSED = 1_024;

    /** Less is not worth counting. */
    private static final int MIN_COUNTED = 16 * 1024;

    private static final String NO_MEMORY =
            "Server is temporarily out of memory. Please try again later or reduce the size of your"
                    + " query.";

    private enum State {
        IDLE,
        WAITING,
        LINKED,
        CLOSED
    }

    private final ClientIdentity identity;
    private final Sessions sessions;
    private final Shard shard;
    private final Channel client;
    private final ClientParameters parameters;
    private final SlowReaderWatch slowReader;
    private final Refusal refusal = new Refusal();
    private final CheckQuery checkQuery;
    private final PendingInput pending;

    /** Null as long as the pool does not care about session state. */
    private @Nullable SessionBonds bonds;

    private FrameScanner stream = new FrameScanner();
    private State state = State.IDLE;
    private @Nullable Server server;
    private @Nullable Ticket ticket;

    /** Bytes of an unfinished message that count in the budget. */
    private int heldCounted;

    private boolean nameExpected;
    private long scanState;

    /** Null for a client that has not prepared anything. */
    private @Nullable StatementRelay statements;

    /** Null while slow queries are not logged. */
    private @Nullable SlowQueries slowQueries;

    /** The mode of the pool when the server was linked: a reload may change it meanwhile. */
    private boolean sessionMode;

    /** Prepared statements are brought to the linked server. */
    private boolean mapping;

    private boolean serverNeedsFlush;

    /** A reply was made up that goes out with PostgreSQL's next, if one comes. */
    private boolean replyDue;

    /** The client asked for that reply at once. */
    private boolean flushDue;

    private boolean inputEnded;
    private boolean terminated;
    private boolean shuttingDown;

    /** The server came to rest while a message of the client was passing. */
    private boolean settleDue;

    /** Why the client is closed when it has got its last answer; its input is dropped. */
    private @Nullable ErrorResponse farewell;

    private final ClientTally tally;
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
        this.parameters =
                new ClientParameters(
                        client,
                        shard.pool().interner(),
                        reported,
                        identity.applicationName(),
                        shard.pool().settings().applicationName());
        this.tally = new ClientTally(shard.stats());
        this.pending = new PendingInput(sessions.memory(), client.alloc());
        this.checkQuery = new CheckQuery(sessions, shard.pool());
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

    /**
     * What others may see of it. Threads: immutable.
     *
     * @param state {@code idle}, {@code active} or {@code waiting}
     * @param waitsFor {@code idle}; {@code read} from PostgreSQL; {@code write} to a client that
     *     does not read
     * @param waitingSinceNanos 0 if it does not wait for a server
     * @param serverPid 0 if it has none
     * @param statements prepared ones with a name
     */
    public record View(
            String applicationName,
            String state,
            String waitsFor,
            FrozenCounts counts,
            long connectedNanos,
            long waitingSinceNanos,
            int serverPid,
            int statements) {}

    /** To be asked on the client's loop. */
    public View view() {
        Server s = server;
        Ticket t = ticket;
        String wait = !client.isWritable() ? "write" : s == null ? "idle" : "read";
        return new View(
                Objects.requireNonNullElse(
                        parameters.current().get(ClientParameters.APPLICATION_NAME),
                        identity.applicationName()),
                state == State.WAITING ? "waiting" : s == null ? "idle" : "active",
                wait,
                tally.freeze(),
                connectedNanos,
                state == State.WAITING && t != null ? t.sinceNanos() : 0,
                s == null ? 0 : s.identity().cancelKey().processId(),
                statements == null ? 0 : statements.size());
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
        if (farewell != null) {
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
        boolean alone = flushDue || server == null || server.replies().isEmpty();
        if (replyDue && (alone || !client.isWritable())) { // or too many to wait for more
            replyDue = false;
            flushDue = false;
            client.flush();
        }
        if (serverNeedsFlush) {
            serverNeedsFlush = false;
            if (server != null) {
                server.flush();
            }
        }
    }

    void onWritabilityChanged() {
        if (terminated && !client.isWritable()) {
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
        boolean answerDue =
                switch (state) {
                    case WAITING -> true;
                    case LINKED -> isAnswerDue(linked());
                    case IDLE, CLOSED -> false;
                };
        if (answerDue) {
            awaitLastAnswer();
        } else {
            close(CloseReason.CLIENT_GONE);
        }
    }

    /** No more input counts; but a server is not kept for long by a client that may be gone. */
    private void awaitLastAnswer() {
        inputEnded = true;
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

    /** Whether an answer comes without another byte of the client. */
    private boolean isAnswerDue(Server s) {
        ReplyQueue replies = s.replies();
        return !replies.isEmpty()
                && !replies.isBatchOpen()
                && !replies.isSkipping()
                && !replies.isCopyIn()
                && !stream.isCut();
    }

    /** The client sends no more, and all it can still get it has got. */
    private void finish() {
        ErrorResponse last = farewell;
        if (last == null) {
            client.flush();
            close(terminated ? CloseReason.TERMINATED : CloseReason.CLIENT_GONE);
        } else {
            fail(CloseReason.PROTOCOL_VIOLATION, last);
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
            int done = stream.read(in, this, client.alloc());
            if (!countHeld()) {
                return;
            }
            if (state == State.WAITING) {
                hold(in.retain(), done);
            } else if (server != null) {
                server.setMessageCut(stream.isCut());
            }
            if (settleDue && server != null && !stream.isCut()) {
                settleDue = false;
                onServerSettled(server);
            }
        } catch (ProtocolException e) {
            onViolation(e);
        } finally {
            in.release();
            if (state == State.CLOSED) {
                stream.release();
            }
        }
    }

    /** Of a message that is passed on when it is complete. On the loop. */
    public int heldBytes() {
        return stream.partialBytes();
    }

    /** Calls {@code action} for each statement that the client has prepared. On the loop. */
    public void forEachStatement(Consumer<? super Statement> action) {
        if (statements != null) {
            statements.forEach(action);
        }
    }

    /**
     * A long message that has to be whole counts in the budget of the process while it comes.
     *
     * @return false if the client had to be closed, because there is no memory for it
     */
    private boolean countHeld() {
        int held = stream.partialBytes();
        int before = heldCounted;
        if (before == 0 && held < MIN_COUNTED) {
            return true;
        }
        heldCounted = held;
        if (held <= before) {
            sessions.memory().subtract(before - held);
            return true;
        }
        if (sessions.memory().add(held - before)) {
            return true;
        }
        fail(
                CloseReason.NO_MEMORY,
                ErrorResponse.of(Severity.FATAL, SqlState.OUT_OF_MEMORY, NO_MEMORY));
        return false;
    }

    /** It was let in where it came from, so it stays even if that is too much here. */
    private void countHeldAgain() {
        int held = stream.partialBytes();
        if (held >= MIN_COUNTED) {
            heldCounted = held;
            sessions.memory().add(held);
        }
    }

    /**
     * A Flush has no reply, so its error would come at any time, perhaps to the server's next
     * client: PostgreSQL never sees it.
     */
    private void onMalformedFlush() {
        if (server != null) {
            throw new ProtocolException("invalid message format");
        }
        refusal.begin(
                ErrorResponse.of(
                        Severity.ERROR, SqlState.PROTOCOL_VIOLATION, "invalid message format"));
        refusal.onMessage(FrontendType.PARSE, client); // as any message of a batch: told at once
        client.flush();
    }

    /** The client leaves; what it asked for before is still answered, as PostgreSQL does. */
    private void onTerminate() {
        if (server != null && isAnswerDue(server) && client.isWritable()) {
            terminated = true;
            awaitLastAnswer();
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
        if (server != null && isAnswerDue(server)) {
            server.flush();
            farewell = error;
            awaitLastAnswer();
        } else {
            fail(CloseReason.PROTOCOL_VIOLATION, error);
        }
    }

    @Override
    public int bodyLength(byte type, int length) {
        if (!FrontendType.isKnown(type) || type == FrontendType.PASSWORD_MESSAGE) {
            throw new ProtocolException("invalid frontend message type " + (type & 0xFF));
        }
        Frames.checkFrontendLength(type, length);
        return length - Integer.BYTES;
    }

    @Override
    public int heldBytes(byte type, int bodyLength) {
        if (isCheckPossible(type, bodyLength)) {
            return bodyLength;
        }
        boolean maps = server == null ? shard.pool().settings().preparedStatements() : mapping;
        int mapped = maps ? StatementRelay.heldBytes(type, bodyLength) : 0;
        return slowQueries == null
                ? mapped
                : Math.max(mapped, Math.min(bodyLength, SlowQueries.MAX_BYTES));
    }

    private boolean isCheckPossible(byte type, int bodyLength) {
        return type == FrontendType.QUERY && server == null && checkQuery.fits(bodyLength);
    }

    @Override
    public Verdict onFrame(byte type, ByteBuf in, int index, int bodyLength) {
        boolean waited = checkQuery.hasWaited();
        if (state == State.CLOSED || terminated) {
            return Verdict.DROP; // behind a Terminate
        }
        if (type == FrontendType.TERMINATE) {
            stream.passRun(this);
            onTerminate();
            return Verdict.DROP;
        }
        if (refusal.isActive()) {
            refusal.onMessage(type, client);
            client.flush();
            return Verdict.DROP;
        }
        if (type == FrontendType.FLUSH && bodyLength > 0) {
            onMalformedFlush();
            return Verdict.DROP;
        }
        checkQuery.forget();
        boolean check =
                waited
                        || (isCheckPossible(type, bodyLength)
                                && checkQuery.isSent(in, index, bodyLength));
        if (check && server == null && answerCheck()) {
            return Verdict.DROP;
        }
        if (server == null
                && type == FrontendType.QUERY
                && statements != null
                && shard.pool().settings().preparedStatements()
                && statements.answersAlone(in, index, bodyLength)) {
            tally.answeredHere();
            return Verdict.DROP;
        }
        if (server == null && (needsNoServer(type) || !acquire())) {
            if (check) {
                checkQuery.waitForServer();
            }
            return state == State.WAITING ? Verdict.STOP : Verdict.DROP;
        }
        Server s = linked();
        if (check) {
            checkQuery.listen(client.alloc());
        }
        settleDue = false;
        if (type == FrontendType.FLUSH && s.replies().isEmpty()) {
            flushDue |= replyDue; // PostgreSQL has nothing to send that it could travel with
        }
        tally.message(type);
        if (slowQueries != null) {
            slowQueries.onMessage(type, in, index, bodyLength, statements);
        }
        if (parameters.synchronise(s)) {
            serverNeedsFlush = true;
        }
        if (mapping && StatementRelay.isConcerned(type, in, index, bodyLength)) {
            Verdict verdict = statements().onMessage(s, type, in, index, bodyLength);
            if (verdict != null) {
                return onMapped(s, verdict);
            }
        }
        if (type == FrontendType.QUERY) {
            if (statements != null && !s.replies().isSkipping()) {
                statements.onQuery();
            }
            if (bonds != null) {
                bonds.onQuery(in, index, bodyLength);
            }
        }
        if (!s.onFrontendMessage(type)) {
            return Verdict.PASS;
        }
        scanState = Server.statementStart();
        nameExpected = type == FrontendType.PARSE;
        return Verdict.PASS_AND_SHOW;
    }

    private Verdict onMapped(Server s, Verdict verdict) {
        if (s.isComposing()) {
            serverNeedsFlush = true;
        }
        if (verdict == Verdict.PASS_AND_SHOW) {
            scanState = Server.statementStart();
            nameExpected = false;
        }
        settleDue = s.takeSettled();
        return verdict;
    }

    private StatementRelay statements() {
        StatementRelay relay = statements;
        if (relay == null) {
            relay = new StatementRelay(this, shard, client, identity.profile(), parameters);
            statements = relay;
        }
        return relay;
    }

    @Override
    public void passRun() {
        stream.passRun(this);
    }

    @Override
    public @Nullable SessionBonds bonds() {
        return bonds;
    }

    @Override
    public void replaceHead(int bytes) {
        stream.replaceHead(bytes);
    }

    /** Answers the client's check by itself, if it knows PostgreSQL's answer. */
    private boolean answerCheck() {
        Bytes answer = checkQuery.answer();
        if (answer == null) {
            return false;
        }
        ByteBuf out = client.alloc().buffer(answer.length());
        answer.encode(out);
        client.writeAndFlush(out, client.voidPromise());
        if (statements != null) {
            statements.onQuery();
        }
        tally.answeredHere();
        shard.stats().count(Counter.CHECKS_POOLER);
        return true;
    }

    /** What PostgreSQL ignores from a client that has nothing running. */
    private static boolean needsNoServer(byte type) {
        return switch (type) {
            case FrontendType.FLUSH,
                    FrontendType.COPY_DATA,
                    FrontendType.COPY_DONE,
                    FrontendType.COPY_FAIL ->
                    true;
            default -> false;
        };
    }

    @Override
    public void onBody(ByteBuf in, int index, int length) {
        Server s = linked();
        if (nameExpected) {
            nameExpected = false;
            if (in.getByte(index) != 0) {
                s.onNamedStatement();
            }
        }
        scanState = s.scanStatement(scanState, in, index, length);
    }

    @Override
    public void onRun(ByteBuf in, int from, int to) {
        Server s = linked();
        int length = to - from;
        if (length <= MAX_COMPOSED && s.isComposing()) {
            s.compose(length).writeBytes(in, from, length);
        } else {
            s.write(piece(in, from, to));
        }
        serverNeedsFlush = true;
    }

    private static ByteBuf piece(ByteBuf in, int from, int to) {
        boolean all = from == in.readerIndex() && to == in.writerIndex();
        return all ? in.retain() : in.retainedSlice(from, to - from);
    }

    // ---- getting a server -----------------------------------------------------------------------

    /** True if a server is linked now; false if the client waits. */
    private boolean acquire() {
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
        mapping = shard.pool().settings().preparedStatements();
        watchQueries();
        if (bonds == null && shard.pool().settings().sessionState() != SessionState.IGNORE) {
            bonds = new SessionBonds(parameters);
        }
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
        refusal.begin(reason);
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
        } else if (inputEnded && (server == null || !isAnswerDue(server))) {
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
        checkQuery.onServerBytes(in, from, to);
        tally.sent(to - from);
        slowReader.write(piece(in, from, to));
    }

    @Override
    public void onSkipped(Server s, Skipped kind) {
        checkQuery.forget();
        statements().onSkipped(s, kind);
        if (kind == Skipped.DEALLOCATE || kind == Skipped.DEALLOCATE_ALL) {
            onAnswered(s);
        }
        replyDue = true;
    }

    @Override
    public void onStatementConfirmed(Server s) {
        statements().onConfirmed();
    }

    @Override
    public void onStatementsUndone(Server s, int count, boolean firstFailed) {
        statements().onUndone(count, firstFailed);
    }

    @Override
    public void onStatementsGone(Server s) {
        if (statements != null) {
            statements.onGone();
        }
    }

    @Override
    public ErrorFate onError(Server s, ByteBuf in, int index, int bodyLength) {
        if (s.isComingToRest()
                && !sessionMode
                && !stream.isCut()
                && shard.pool().settings().sessionState() != SessionState.PIN) {
            return ErrorFate.DROPPED; // PostgreSQL ends what this client gives back in a moment
        }
        ErrorFate fate =
                mapping ? statements().onError(s, in, index, bodyLength) : ErrorFate.PASSES;
        if (fate != ErrorFate.RETRIED) {
            tally.error(in, index, bodyLength);
        }
        return fate;
    }

    @Override
    public boolean onParameterStatus(Server s, String name, String value) {
        return parameters.onReported(name, value);
    }

    @Override
    public void onServerReadComplete(Server s) {
        replyDue = false;
        flushDue = false;
        client.flush();
        if (inputEnded && !isAnswerDue(s)) {
            finish(); // in a transaction, perhaps, that nobody will end any more
        }
    }

    @Override
    public void onAnswered(Server s) {
        long took = tally.answered();
        if (slowQueries != null) {
            slowQueries.onAnswered(s, took, sessions.settings().slowQueryNanos());
        }
    }

    /** Nothing is running: from here on slow queries are logged, or not. */
    private void watchQueries() {
        if (sessions.settings().slowQueryNanos() == 0) {
            slowQueries = null;
        } else if (slowQueries == null) {
            slowQueries = new SlowQueries(identity);
        } else {
            slowQueries.clear();
        }
    }

    @Override
    public void onServerSettled(Server s) {
        if (tally.settled()) {
            s.countTransaction();
        }
        shard.stats().add(Counter.SERVER_PARSES, s.takeParses());
        checkQuery.onSettled();
        watchQueries();
        if (statements != null) {
            statements.onSettled(s);
        }
        if (parameters.isRequested()) {
            parameters.onSettled(s);
        }
        if (shuttingDown) {
            failForShutdown();
        } else if (inputEnded) {
            finish();
        } else if (stream.isCut()) {
            settleDue = true; // when the rest of the message has passed
        } else if (!sessionMode && (bonds == null || mayLeave(s, bonds))) {
            client.flush();
            unlink();
            shard.release(s);
        }
    }

    /** Whether the server goes back; else the client keeps it, or is closed. */
    private boolean mayLeave(Server s, SessionBonds bonds) {
        PoolSettings settings = shard.pool().settings();
        String state = bonds.onSettled(s);
        if (state.isEmpty() || settings.sessionState() == SessionState.IGNORE) {
            return true;
        }
        if (settings.sessionState() == SessionState.REJECT) {
            fail(
                    CloseReason.SESSION_STATE,
                    ErrorResponse.of(
                            Severity.FATAL,
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "session state is not allowed in this pool: " + state));
            return false;
        }
        boolean pins = settings.sessionState() == SessionState.PIN;
        String consequence =
                pins
                        ? "the client keeps its server until it leaves"
                        : "it is removed when the server goes to another client";
        if (bonds.tell()) {
            LOG.warn("{} session state in transaction mode: {}; {}", identity, state, consequence);
        }
        if (settings.sessionStateNotice()) {
            ClientOutput.write(
                    client,
                    NoticeResponse.of(
                            Severity.WARNING,
                            SqlState.WARNING,
                            "session state in transaction mode: " + state + "; " + consequence));
        }
        sessionMode = pins;
        return !pins;
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
        serverNeedsFlush = false;
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
        stream.release();
        sessions.memory().subtract(heldCounted);
        heldCounted = 0;
        checkQuery.forget();
        pending.release();
        if (statements != null) {
            statements.end();
        }
        if (last == State.WAITING) {
            leaveQueue();
        }
        if (held != null) {
            if (serverNeedsFlush) {
                held.flush();
            }
            held.setMessageCut(stream.isCut());
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
        onReadComplete();
        client.flush();
        checkQuery.forget();
        FrozenSession.Place place = null;
        Ticket t = ticket;
        if (state == State.WAITING && t != null) {
            place = new FrozenSession.Place(t.sinceNanos(), t.deadlineNanos());
            shard.leave(t);
        }
        sessions.memory().subtract(heldCounted);
        heldCounted = 0;
        var frozen =
                new FrozenSession(
                        identity,
                        server == null ? null : server.freeze(),
                        parameters.current(),
                        parameters.isRequested(),
                        stream.freeze(),
                        nameExpected,
                        scanState,
                        statements == null ? FrozenStatements.EMPTY : statements.freeze(),
                        mapping,
                        bonds == null ? 0 : bonds.freeze(),
                        sessionMode,
                        pending.freeze(),
                        place,
                        refusal.reason(),
                        refusal.isTold(),
                        inputEnded,
                        terminated,
                        shuttingDown,
                        settleDue,
                        farewell,
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
        var session = new Session(frozen.identity(), sessions, shard, client, frozen.parameters());
        session.stream = FrameScanner.thaw(frozen.stream(), client.alloc());
        session.countHeldAgain();
        session.nameExpected = frozen.nameExpected();
        session.scanState = frozen.scanState();
        session.refusal.restore(frozen.refusal(), frozen.refusalTold());
        session.inputEnded = frozen.inputEnded();
        session.terminated = frozen.terminated();
        session.shuttingDown = frozen.shuttingDown();
        session.sessionMode = frozen.sessionMode();
        session.mapping = frozen.mapping();
        if (frozen.bonds() != 0) {
            session.bonds = new SessionBonds(session.parameters);
            session.bonds.restore(frozen.bonds());
        }
        if (!frozen.statements().equals(FrozenStatements.EMPTY)) {
            session.statements().restore(frozen.statements(), shard.pool()::adopt);
        }
        session.settleDue = frozen.settleDue();
        session.farewell = frozen.farewell();
        session.tally.restore(frozen.counts());
        session.connectedNanos = frozen.connectedNanos();
        if (frozen.parametersRequested()) {
            session.parameters.restoreRequested();
        }
        session.pending.restore(frozen.pending());
        FrozenServer frozenServer = frozen.server();
        if (frozenServer != null && serverChannel != null) {
            session.server = Server.thaw(frozenServer, serverChannel, session, shard.pool()::adopt);
            session.state = State.LINKED;
        }
        return session;
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
        if (inputEnded) {
            awaitLastAnswer();
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

    private Server linked() {
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
