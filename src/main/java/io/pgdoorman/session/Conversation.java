package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.backend.ErrorFate;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ReplyQueue;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.Skipped;
import io.pgdoorman.config.SessionState;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/**
 * What a client and its servers say to each other, message by message: each message of the client
 * is looked at before it passes, and a made-up reply takes its place in the answers. It lives as
 * long as its {@link Session} and outlasts the servers; the session knows which one is linked, and
 * gets one for the first message that needs it.
 *
 * <p>Of most messages only type and length are looked at; they pass on as slices of the buffer they
 * came in.
 *
 * <p>Threads: confined to the client's loop.
 */
final class Conversation implements FrameScanner.Visitor, StatementRelay.Stream {
    /** A piece this small is copied to where another stands already. */
    private static final int MAX_COMPOSED = 1_024;

    private final Session session;
    private final Sessions sessions;
    private final Shard shard;
    private final Channel client;
    private final ClientTally tally;
    private final ClientParameters parameters;
    private final CheckQuery checkQuery;
    private final HeldMessage held;
    private final Refusal refusal = new Refusal();

    private FrameScanner stream = new FrameScanner();
    private boolean nameExpected;
    private long scanState;

    /** Null for a client that has not prepared anything. */
    private @Nullable StatementRelay statements;

    /** Prepared statements are brought to the linked server. */
    private boolean mapping;

    /** Null while slow queries are not logged. */
    private @Nullable SlowQueries slowQueries;

    /** Null as long as the pool does not care about session state. */
    private @Nullable SessionBonds bonds;

    private boolean serverNeedsFlush;

    /** A reply was made up that goes out with PostgreSQL's next, if one comes. */
    private boolean replyDue;

    /** The client asked for that reply at once. */
    private boolean flushDue;

    /** The server came to rest while a message of the client was passing. */
    private boolean settleDue;

    Conversation(
            Session session,
            Sessions sessions,
            Shard shard,
            Channel client,
            ClientTally tally,
            ParameterSet reported) {
        this.session = session;
        this.sessions = sessions;
        this.shard = shard;
        this.client = client;
        this.tally = tally;
        this.parameters =
                new ClientParameters(
                        client,
                        shard.pool().interner(),
                        reported,
                        session.identity().applicationName(),
                        shard.pool().settings().applicationName());
        this.checkQuery = new CheckQuery(sessions, shard.pool());
        this.held = new HeldMessage(sessions.memory());
    }

    ClientParameters parameters() {
        return parameters;
    }

    /** What the client has prepared, with a name. */
    int statementCount() {
        return statements == null ? 0 : statements.size();
    }

    void forEachStatement(Consumer<? super Statement> action) {
        if (statements != null) {
            statements.forEach(action);
        }
    }

    // ---- client to server -----------------------------------------------------------------------

    /**
     * Borrows {@code in}.
     *
     * @return the index up to which {@code in} is done with: its end, or where the client waits for
     *     a server
     * @throws ProtocolException no more of this client's stream can be read
     */
    int read(ByteBuf in) {
        return stream.read(in, this, client.alloc());
    }

    /** Part of a message has passed, and its rest has not come. */
    boolean isCut() {
        return stream.isCut();
    }

    /** Of a message that is passed on when it is complete. */
    int heldBytes() {
        return stream.partialBytes();
    }

    /** Whether there is memory for a long message that has to be whole. */
    boolean countHeld() {
        return held.count(stream.partialBytes());
    }

    /** Whether the server came to rest before the end of a message that has passed now. */
    boolean takeSettled() {
        boolean settled = settleDue && !stream.isCut();
        settleDue &= !settled;
        return settled;
    }

    /** Whether an answer comes without another byte of the client. */
    boolean isAnswerDue(Server s) {
        ReplyQueue replies = s.replies();
        return !replies.isEmpty()
                && !replies.isBatchOpen()
                && !replies.isSkipping()
                && !replies.isCopyIn()
                && !stream.isCut();
    }

    /** What was read goes out. */
    void flush() {
        Server s = session.server();
        boolean alone = flushDue || s == null || s.replies().isEmpty();
        if (replyDue && (alone || !client.isWritable())) { // or too many to wait for more
            replyDue = false;
            flushDue = false;
            client.flush();
        }
        if (serverNeedsFlush) {
            serverNeedsFlush = false;
            if (s != null) {
                s.flush();
            }
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
        boolean maps =
                session.server() == null ? shard.pool().settings().preparedStatements() : mapping;
        int mapped = maps ? StatementRelay.heldBytes(type, bodyLength) : 0;
        return slowQueries == null
                ? mapped
                : Math.max(mapped, Math.min(bodyLength, SlowQueries.MAX_BYTES));
    }

    private boolean isCheckPossible(byte type, int bodyLength) {
        return type == FrontendType.QUERY
                && session.server() == null
                && checkQuery.fits(bodyLength);
    }

    @Override
    public Verdict onFrame(byte type, ByteBuf in, int index, int bodyLength) {
        boolean waited = checkQuery.hasWaited();
        if (!session.isHeard()) {
            return Verdict.DROP; // behind a Terminate
        }
        if (type == FrontendType.TERMINATE) {
            stream.passRun(this);
            session.onTerminate();
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
        if (session.server() == null) {
            if ((check && answerCheck()) || answersAlone(type, in, index, bodyLength)) {
                return Verdict.DROP;
            }
            if (needsNoServer(type) || !session.acquire()) {
                if (check) {
                    checkQuery.waitForServer();
                }
                return session.isWaiting() ? Verdict.STOP : Verdict.DROP;
            }
        }
        if (check) {
            checkQuery.listen(client.alloc());
        }
        settleDue = false;
        return pass(session.linked(), type, in, index, bodyLength);
    }

    /** A message goes to the linked server. */
    private Verdict pass(Server s, byte type, ByteBuf in, int index, int bodyLength) {
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

    /**
     * A Flush has no reply, so its error would come at any time, perhaps to the server's next
     * client: PostgreSQL never sees it.
     */
    private void onMalformedFlush() {
        if (session.server() != null) {
            throw new ProtocolException("invalid message format");
        }
        refusal.begin(
                ErrorResponse.of(
                        Severity.ERROR, SqlState.PROTOCOL_VIOLATION, "invalid message format"));
        refusal.onMessage(FrontendType.PARSE, client); // as any message of a batch: told at once
        client.flush();
    }

    @Override
    public void onBody(ByteBuf in, int index, int length) {
        Server s = session.linked();
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
        Server s = session.linked();
        int length = to - from;
        if (length <= MAX_COMPOSED && s.isComposing()) {
            s.compose(length).writeBytes(in, from, length);
        } else {
            s.write(piece(in, from, to));
        }
        serverNeedsFlush = true;
    }

    /** The receiver's to release. Borrows {@code in}. */
    static ByteBuf piece(ByteBuf in, int from, int to) {
        boolean all = from == in.readerIndex() && to == in.writerIndex();
        return all ? in.retain() : in.retainedSlice(from, to - from);
    }

    // ---- answered without a server --------------------------------------------------------------

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

    private boolean answersAlone(byte type, ByteBuf in, int index, int bodyLength) {
        boolean answered =
                type == FrontendType.QUERY
                        && statements != null
                        && shard.pool().settings().preparedStatements()
                        && statements.answersAlone(in, index, bodyLength);
        if (answered) {
            tally.answeredHere();
        }
        return answered;
    }

    /** There is no server for the batch at hand. */
    void refuse(ErrorResponse reason) {
        refusal.begin(reason);
    }

    // ---- how prepared statements write into the stream ------------------------------------------

    @Override
    public void passRun() {
        stream.passRun(this);
    }

    @Override
    public void replaceHead(int bytes) {
        stream.replaceHead(bytes);
    }

    @Override
    public @Nullable SessionBonds bonds() {
        return bonds;
    }

    private StatementRelay statements() {
        StatementRelay relay = statements;
        if (relay == null) {
            relay =
                    new StatementRelay(
                            this, shard, client, session.identity().profile(), parameters);
            statements = relay;
        }
        return relay;
    }

    // ---- server to client -----------------------------------------------------------------------

    void onServerBytes(ByteBuf in, int from, int to) {
        checkQuery.onServerBytes(in, from, to);
        tally.sent(to - from);
    }

    /** A message that did not go out would have been answered now. */
    void onSkipped(Server s, Skipped kind) {
        checkQuery.forget();
        statements().onSkipped(s, kind);
        if (kind == Skipped.DEALLOCATE || kind == Skipped.DEALLOCATE_ALL) {
            onAnswered(s);
        }
        replyDue = true;
    }

    void onStatementConfirmed() {
        statements().onConfirmed();
    }

    void onStatementsUndone(int count, boolean firstFailed) {
        statements().onUndone(count, firstFailed);
    }

    void onStatementsGone() {
        if (statements != null) {
            statements.onGone();
        }
    }

    ErrorFate onError(Server s, ByteBuf in, int index, int bodyLength) {
        ErrorFate fate =
                mapping ? statements().onError(s, in, index, bodyLength) : ErrorFate.PASSES;
        if (fate != ErrorFate.RETRIED) {
            tally.error(in, index, bodyLength);
        }
        return fate;
    }

    /** All that has come from the server is written. */
    void onServerReadComplete() {
        replyDue = false;
        flushDue = false;
        client.flush();
    }

    /** ReadyForQuery, whoever it is of. */
    void onAnswered(Server s) {
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
            slowQueries = new SlowQueries(session.identity());
        } else {
            slowQueries.clear();
        }
    }

    // ---- links ----------------------------------------------------------------------------------

    void onLinked(PoolSettings settings) {
        mapping = settings.preparedStatements();
        watchQueries();
        if (bonds == null && settings.sessionState() != SessionState.IGNORE) {
            bonds = new SessionBonds(session.identity(), client, parameters);
        }
    }

    /** No transaction is open, no reply due. */
    void onSettled(Server s) {
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
    }

    /** The server has come to rest, but the rest of a message has to pass before that counts. */
    void settleLater() {
        settleDue = true;
    }

    void onUnlinked() {
        serverNeedsFlush = false;
    }

    /** Gives back what it holds; the last server, if there is one, gets what was written to it. */
    void end(@Nullable Server last) {
        releaseStream();
        held.release();
        checkQuery.forget();
        if (statements != null) {
            statements.end();
        }
        if (last != null && serverNeedsFlush) {
            last.flush();
        }
    }

    /** Also of what was read while the session ended. */
    void releaseStream() {
        stream.release();
    }

    // ---- freeze ---------------------------------------------------------------------------------

    /** As data; this object is of no use afterwards. */
    FrozenConversation freeze() {
        checkQuery.forget();
        held.release();
        return new FrozenConversation(
                parameters.current(),
                parameters.isRequested(),
                stream.freeze(),
                nameExpected,
                scanState,
                statements == null ? FrozenStatements.EMPTY : statements.freeze(),
                mapping,
                bonds == null ? 0 : bonds.freeze(),
                refusal.reason(),
                refusal.isTold(),
                settleDue);
    }

    /** Goes on where the frozen one stopped; its parameters are there already. */
    void restore(FrozenConversation frozen) {
        stream = FrameScanner.thaw(frozen.stream(), client.alloc());
        countHeld(); // it was let in where it came from, so it stays even if that is too much here
        nameExpected = frozen.nameExpected();
        scanState = frozen.scanState();
        refusal.restore(frozen.refusal(), frozen.refusalTold());
        mapping = frozen.mapping();
        if (frozen.bonds() != 0) {
            bonds = new SessionBonds(session.identity(), client, parameters);
            bonds.restore(frozen.bonds());
        }
        if (!frozen.statements().equals(FrozenStatements.EMPTY)) {
            statements().restore(frozen.statements(), shard.pool()::adopt);
        }
        settleDue = frozen.settleDue();
        if (frozen.parametersRequested()) {
            parameters.restoreRequested();
        }
    }
}
