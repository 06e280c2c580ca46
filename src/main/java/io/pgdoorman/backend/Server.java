package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.statement.ServerStatements;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.frontend.CopyFail;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.Query;
import io.pgdoorman.wire.frontend.Sync;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

/**
 * One logged-in connection to PostgreSQL: its channel, its {@link ServerProtocol position in the
 * protocol}, and who has it at the moment.
 *
 * <p>Threads: confined to the channel's event loop, which changes only while the server is idle
 * (see the pool). Buffers: {@link #onRead} consumes; writes consume.
 */
public final class Server implements ServerProtocol.Events {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);
    private static final int COMPOSED_BYTES = 512;
    private static final byte[] NO_NAME = {};
    private static final Statement PROBE =
            new Statement("SELECT\0\0\0".getBytes(StandardCharsets.US_ASCII), "", 0, 0, false);

    private final ServerIdentity identity;
    private final ServerProtocol protocol;
    private final ServerStatements statements;
    private Channel channel;
    private ServerOwner owner;
    private @Nullable ByteBuf composed;

    private final BatchCopy lastBatch = new BatchCopy();
    private boolean messageCut;
    private boolean closed;
    private int cancelsInFlight;
    private long idleSinceNanos;

    private long queries;
    private long transactions;
    private long sentBytes;
    private long receivedBytes;
    private long statementHits;
    private long statementMisses;

    /** Parse messages that went out and were not reported yet. */
    private int parses;

    /**
     * A server whose login is done.
     *
     * @param channel with this server's {@link ServerHandler} as last handler
     * @param parameters as reported during the login
     */
    public Server(
            ServerIdentity identity, Channel channel, ParameterSet parameters, ServerOwner owner) {
        this.identity = identity;
        this.channel = channel;
        this.owner = owner;
        this.protocol = new ServerProtocol(this, parameters);
        this.statements = new ServerStatements();
        this.idleSinceNanos = System.nanoTime();
    }

    private Server(
            FrozenServer frozen,
            Channel channel,
            ServerOwner owner,
            UnaryOperator<Statement> adopt) {
        this.identity = frozen.identity();
        this.channel = channel;
        this.owner = owner;
        this.protocol = new ServerProtocol(this, frozen.protocol(), channel.alloc());
        this.statements = ServerStatements.thaw(frozen.statements(), adopt);
        this.messageCut = frozen.messageCut();
        this.cancelsInFlight = frozen.cancelsInFlight();
        this.idleSinceNanos = frozen.idleSinceNanos();
        ServerCounts counts = frozen.counts();
        this.queries = counts.queries();
        this.transactions = counts.transactions();
        this.sentBytes = counts.sentBytes();
        this.receivedBytes = counts.receivedBytes();
        this.statementHits = counts.statementHits();
        this.statementMisses = counts.statementMisses();
    }

    // ---- what it is -------------------------------------------------------------------------

    public ServerIdentity identity() {
        return identity;
    }

    public CancelKey cancelKey() {
        return identity.cancelKey();
    }

    /** The startup parameters it logged in with; the same object for all of one profile. */
    public ParameterSet profile() {
        return identity.profile();
    }

    /** The reported parameters as they are now. */
    public ParameterSet parameters() {
        return protocol.parameters();
    }

    /** Takes {@code same}, equal to its own set, so that later comparisons need no look inside. */
    public void shareParameters(ParameterSet same) {
        protocol.shareParameters(same);
    }

    /** Whether a session can set this parameter: some are reported only. */
    public static boolean isSettable(String name) {
        return ParameterSync.isSettable(name);
    }

    public TransactionStatus status() {
        return protocol.status();
    }

    public ReplyQueue replies() {
        return protocol.replies();
    }

    public Channel channel() {
        return channel;
    }

    public EventLoop loop() {
        return channel.eventLoop();
    }

    public boolean isClosed() {
        return closed;
    }

    public boolean isWritable() {
        return channel.isWritable();
    }

    public ServerOwner owner() {
        return owner;
    }

    /** What it has done so far. */
    public ServerCounts counts() {
        return new ServerCounts(
                queries, transactions, sentBytes, receivedBytes, statementHits, statementMisses);
    }

    /** A transaction of a client has ended. */
    public void countTransaction() {
        transactions++;
    }

    /** A client's statement was there already, or not. */
    public void countStatement(boolean prepared) {
        if (prepared) {
            statementHits++;
        } else {
            statementMisses++;
        }
    }

    /** Hands the server to another owner; both are on this loop. */
    public void setOwner(ServerOwner next) {
        assert inLoop();
        owner = next;
    }

    /** The server goes on on this channel, on the calling loop, after a move. */
    void adoptChannel(Channel moved) {
        channel = moved;
    }

    /** When it became idle, {@link System#nanoTime}. */
    public long idleSinceNanos() {
        return idleSinceNanos;
    }

    public void markIdle(long nowNanos) {
        idleSinceNanos = nowNanos;
    }

    // ---- what a client sends ----------------------------------------------------------------

    /**
     * Notes that a message of the client goes out now; its bytes follow by {@link #write}.
     *
     * @return whether the message's text has to be shown to {@link #scanStatement}
     */
    public boolean onFrontendMessage(byte type) {
        if (type == FrontendType.PARSE) {
            parses++;
        }
        if (type == FrontendType.QUERY) {
            if (!replies().isSkipping()) {
                statements.forgetUnnamed();
            }
            statements.nextBatch();
        } else if (type == FrontendType.SYNC) {
            statements.nextBatch();
        }
        return protocol.onFrontendMessage(type);
    }

    /**
     * Shows statement text to the scanner. Borrows {@code text}.
     *
     * @param state as returned for the bytes before, {@link #statementStart()} at first
     */
    public long scanStatement(long state, ByteBuf text, int index, int length) {
        return protocol.scanStatement(state, text, index, length);
    }

    public static long statementStart() {
        return StatementScanner.START;
    }

    /** A Parse names its statement: it stays on the server until it is deallocated. */
    public void onNamedStatement() {
        protocol.addTraces(SessionTraces.PREPARED);
    }

    /** The client's last message is not complete yet; without its rest the server is of no use. */
    public void setMessageCut(boolean cut) {
        messageCut = cut;
    }

    public boolean isMessageCut() {
        return messageCut;
    }

    /** Writes without flush. Consumes {@code bytes}. */
    public void write(ByteBuf bytes) {
        lastBatch.forget();
        writeComposed();
        sentBytes += bytes.readableBytes();
        channel.write(bytes, channel.voidPromise());
    }

    /** Small pieces go out as one: whether there is one already that more could go into. */
    public boolean isComposing() {
        return composed != null;
    }

    /** Where a small piece may be written, of at most {@code length} bytes; stays the server's. */
    public ByteBuf compose(int length) {
        ByteBuf into = composed;
        if (into != null && into.maxFastWritableBytes() < length) {
            writeComposed();
            into = null;
        }
        if (into == null) {
            into = channel.alloc().buffer(Math.max(length, COMPOSED_BYTES));
            composed = into;
        }
        return into;
    }

    private void writeComposed() {
        ByteBuf bytes = composed;
        if (bytes != null) {
            composed = null;
            lastBatch.onWritten(bytes);
            sentBytes += bytes.readableBytes();
            channel.write(bytes, channel.voidPromise());
        }
    }

    public void flush() {
        writeComposed();
        if (lastBatch.isOpen() && lastBatch.onFlushed(protocol.replies().isSimpleBatch())) {
            protocol.awaitFirstReply();
        }
        channel.flush();
    }

    // ---- a batch that can be run again ------------------------------------------------------

    /**
     * What is written until the next flush is a batch that uses this statement first of all;
     * nothing is outstanding. It can be run again if it turns out to be whole by then.
     */
    public void mayRetry(Statement statement) {
        ServerStatements.Entry entry = statements.use(statement);
        if (composed == null && entry != null) {
            lastBatch.begin(entry);
        }
    }

    @Override
    public void onFirstReply() {
        lastBatch.forget();
    }

    /**
     * Prepares the statement of the batch at hand again, and runs the batch again.
     *
     * @return false if that is not possible any more
     */
    public boolean retry() {
        ServerStatements.Entry entry = lastBatch.entry();
        if (entry == null
                || status() != TransactionStatus.IDLE
                || !protocol.replies().isSimpleBatch()
                || statements.use(entry.statement()) != entry) {
            return false;
        }
        Statement statement = entry.statement();
        statement.renew(statement.generation());
        ByteBuf batch = lastBatch.take();
        statements.renew(entry);
        protocol.retry();
        writeClose(entry.name());
        writeParse(entry.name(), statement);
        write(batch);
        flush();
        return true;
    }

    // ---- prepared statements ----------------------------------------------------------------

    /** What it has prepared. */
    public ServerStatements statements() {
        return statements;
    }

    /**
     * Notes a Bind, Describe or Close that goes out now under another name than it came with; its
     * bytes follow.
     */
    public void sentRenamed(byte type) {
        protocol.onFrontendMessage(type);
    }

    /** How many Parse messages went out since the last call. */
    public int takeParses() {
        int taken = parses;
        parses = 0;
        return taken;
    }

    /** A Parse of the client goes out under a name of {@link #statements}. */
    public void sentMappedParse() {
        parses++;
        protocol.sentStatement(ReplyQueue.MAPPED_PARSE);
    }

    /** A Parse of the client without a name goes out. */
    public void sentUnnamedParse() {
        parses++;
        protocol.sentStatement(ReplyQueue.UNNAMED_PARSE);
    }

    /** A Bind of the client's DEALLOCATE of {@code entry} goes out. */
    public void sentDeallocatingBind(ServerStatements.Entry entry) {
        statements.deallocate(entry);
        protocol.sentStatement(ReplyQueue.DEALLOCATING_BIND);
    }

    /**
     * A Parse of the client goes out as one that costs PostgreSQL little, and fails as the client's
     * would: if the transaction has failed. The server has the statement itself.
     */
    public void probe() {
        sentUnnamedParse();
        statements.prepareUnnamed(PROBE);
        writeParse(NO_NAME, PROBE);
    }

    /** A Close of the client without a name goes out. */
    public void sentUnnamedClose() {
        protocol.sentStatement(ReplyQueue.UNNAMED_CLOSE);
    }

    /** A message of the client does not go out. */
    public void skip(Skipped message) {
        if (protocol.skip(message.kind())) {
            protocol.makeUpReplies();
        }
    }

    /** Whether a skipped message was the last thing the session waited for. */
    public boolean takeSettled() {
        return protocol.takeSettled();
    }

    /**
     * Prepares a statement ahead of a client's message, and closes others to make room.
     *
     * @param most statements the server may have then
     */
    public ServerStatements.Entry prepare(Statement statement, int most) {
        makeRoom(most);
        ServerStatements.Entry entry = statements.prepare(statement);
        parses++;
        protocol.sentStatement(ReplyQueue.OWN_PARSE);
        writeParse(entry.name(), statement);
        return entry;
    }

    /** The same without a name. */
    public void prepareUnnamed(Statement statement) {
        statements.prepareUnnamed(statement);
        parses++;
        protocol.sentStatement(ReplyQueue.OWN_PARSE);
        writeParse(NO_NAME, statement);
    }

    /** Closes statements, so that one more may be prepared. */
    public void makeRoom(int most) {
        ServerStatements.Entry entry = statements.toClose(most);
        if (entry == null) {
            entry = statements.toCloseForMemory();
        }
        while (entry != null) {
            protocol.sentStatement(ReplyQueue.OWN_CLOSE);
            writeClose(entry.name());
            entry = statements.toClose(most);
        }
    }

    /** Takes away what another client has left as the unnamed statement. */
    public void closeUnnamed() {
        statements.closeUnnamed();
        protocol.sentStatement(ReplyQueue.OWN_CLOSE);
        writeClose(NO_NAME);
    }

    private void writeParse(byte[] name, Statement statement) {
        int body = name.length + 1 + statement.definitionLength();
        ByteBuf out = compose(Frames.HEADER_BYTES + body);
        out.writeByte(FrontendType.PARSE).writeInt(Integer.BYTES + body);
        out.writeBytes(name).writeByte(0);
        statement.writeDefinition(out);
    }

    private void writeClose(byte[] name) {
        int body = 1 + name.length + 1;
        ByteBuf out = compose(Frames.HEADER_BYTES + body);
        out.writeByte(FrontendType.CLOSE).writeInt(Integer.BYTES + body);
        out.writeByte('S').writeBytes(name).writeByte(0);
    }

    /** What its session has done makes PostgreSQL read statements in another way than usual. */
    public boolean readsStatementsDifferently() {
        return SessionTraces.changesStatements(protocol.traces());
    }

    /** State of the session that cannot follow its client, in words; empty if there is none. */
    public String bonds() {
        return SessionTraces.bonds(protocol.traces());
    }

    /** A PREPARE was run: the server has statements the pooler does not know. */
    public boolean hasUnknownStatements() {
        return SessionTraces.removesStatements(protocol.traces());
    }

    /** A statement that may leave these traces is run. */
    public void addTraces(int traces) {
        if (traces != 0) {
            protocol.addTraces(traces);
        }
    }

    /** The traces this statement text may leave. Borrows {@code text}. */
    public static int tracesOf(ByteBuf text, int index, int length) {
        return StatementScanner.tracesOf(text, index, length);
    }

    @Override
    public void onSkipped(byte kind) {
        owner.onSkipped(this, Skipped.of(kind));
        owner.onStatementConfirmed(this);
    }

    @Override
    public void onStatementConfirmed(byte kind) {
        statements.confirmed();
        if (kind != ReplyQueue.OWN_PARSE && kind != ReplyQueue.OWN_CLOSE) {
            owner.onStatementConfirmed(this);
        }
    }

    @Override
    public void onStatementsUndone(byte[] kinds, boolean firstFailed) {
        int own = 0;
        int clients = 0;
        for (byte kind : kinds) {
            switch (kind) {
                case ReplyQueue.OWN_PARSE, ReplyQueue.OWN_CLOSE -> own++;
                case ReplyQueue.MAPPED_PARSE,
                        ReplyQueue.UNNAMED_PARSE,
                        ReplyQueue.UNNAMED_CLOSE,
                        ReplyQueue.DEALLOCATING_BIND -> {
                    own++;
                    clients++;
                }
                case ReplyQueue.SKIPPED_PARSE,
                        ReplyQueue.SKIPPED_CLOSE,
                        ReplyQueue.SKIPPED_DEALLOCATE,
                        ReplyQueue.SKIPPED_DEALLOCATE_ALL ->
                        clients++;
                default -> {} // about no statement
            }
        }
        byte first = kinds[0];
        boolean ownFailed = firstFailed && ReplyQueue.isAboutStatements(first);
        statements.undo(own, ownFailed);
        boolean clientFailed =
                ownFailed && first != ReplyQueue.OWN_PARSE && first != ReplyQueue.OWN_CLOSE;
        owner.onStatementsUndone(this, clients, clientFailed);
    }

    @Override
    public void onStatementsGone() {
        statements.gone();
        owner.onStatementsGone(this);
    }

    @Override
    public ErrorFate onError(ByteBuf in, int index, int bodyLength) {
        return owner.onError(this, in, index, bodyLength);
    }

    /** Sends a simple query of the pooler's own; its replies stop here. Flushes not. */
    public void sendOwnQuery(String sql) {
        statements.forgetUnnamed();
        statements.nextBatch();
        protocol.sentOwnQuery();
        send(new Query(sql));
    }

    /**
     * Makes the parameters of this server those of a client, ahead of the client's next message and
     * without waiting for the answer.
     */
    public void synchronise(ParameterSet wanted) {
        String sql = ParameterSync.statements(parameters(), wanted);
        if (!sql.isEmpty()) {
            sendOwnQuery(sql);
        }
    }

    private void send(FrontendMessage message) {
        ByteBuf out = channel.alloc().buffer(64);
        message.encode(out);
        write(out);
    }

    // ---- events -------------------------------------------------------------------------------

    /** Consumes {@code in}. */
    void onRead(ByteBuf in) {
        assert inLoop();
        boolean settled = false;
        receivedBytes += in.readableBytes();
        try {
            settled = protocol.read(in, channel.alloc());
        } catch (ProtocolException e) {
            LOG.warn("{} protocol violation, closing it: {}", identity, e.getMessage());
            channel.close();
        } finally {
            in.release();
        }
        if (settled && !closed) {
            owner.onServerSettled(this);
        }
    }

    void onReadComplete() {
        owner.onServerReadComplete(this);
    }

    void onWritabilityChanged() {
        owner.onServerWritable(this, channel.isWritable());
    }

    void onInactive() {
        if (!closed) {
            closed = true;
            protocol.release();
            statements.release();
            lastBatch.forget();
            if (composed != null) {
                composed.release();
                composed = null;
            }
            owner.onServerClosed(this, protocol.lastWasError());
        }
    }

    /** Its connection broke while nobody heard it. */
    public void onLost() {
        onInactive();
    }

    /** Its connection is gone, and no event will tell. */
    void markClosed() {
        closed = true;
        statements.release();
    }

    @Override
    public void onRun(ByteBuf in, int from, int to) {
        owner.onServerBytes(this, in, from, to);
    }

    @Override
    public boolean onParameterStatus(String name, String value) {
        return owner.onParameterStatus(this, name, value);
    }

    @Override
    public void onAnswered() {
        queries++;
        owner.onAnswered(this);
    }

    @Override
    public void onOwnQueryFailed(ErrorResponse error) {
        owner.onOwnQueryFailed(this, error);
    }

    // ---- leaving it clean -------------------------------------------------------------------

    /** Where it is in the protocol is known, and it owes nothing. */
    public boolean isReusable() {
        return !closed && !messageCut && protocol.isReusable();
    }

    /** The last answer is in, no transaction is open, and the owner hears so after this read. */
    public boolean isComingToRest() {
        return protocol.isComingToRest();
    }

    /** PostgreSQL has ended the session and said so; the connection is about to close. */
    public boolean isLeaving() {
        return protocol.isLeaving();
    }

    /**
     * Whether a transaction or traces of the session are left.
     *
     * @param traces whether traces count, or only the transaction
     */
    public boolean needsCleanup(boolean traces) {
        return status() != TransactionStatus.IDLE
                || (traces && SessionTraces.needsCleanup(protocol.traces()));
    }

    /** At the end of a session-mode session: anything may have been done. */
    public void suspectEverything() {
        if (protocol.isUsed()) {
            protocol.addTraces(SessionTraces.ALL);
        }
    }

    /**
     * Sends what ends the transaction and removes the traces, and flushes. The owner hears {@link
     * ServerOwner#onServerSettled} or {@link ServerOwner#onOwnQueryFailed}.
     */
    public void cleanUp(boolean removeTraces) {
        if (status() != TransactionStatus.IDLE) {
            sendOwnQuery("ROLLBACK");
        }
        if (removeTraces && SessionTraces.needsCleanup(protocol.traces())) {
            if (SessionTraces.removesStatements(protocol.traces())) {
                statements.forget();
            }
            sendOwnQuery(SessionTraces.cleanup(protocol.traces()));
        }
        forgetTraces();
        flush();
    }

    /** For a server that left its client clean. */
    public void forgetTraces() {
        protocol.forgetTraces();
    }

    /**
     * Ends what a departed client will not end: a COPY it was sending, a batch that failed and
     * waits for its Sync.
     */
    public void endOpenWork() {
        ReplyQueue replies = replies();
        if (replies.isCopyIn()) {
            send(new CopyFail("the client closed its connection"));
            replies.sentCopyEnd();
        } else if (!replies.isSkipping()) {
            return;
        }
        if (replies.isBatchOpen() || replies.isSkipping()) {
            send(new Sync());
            replies.sentSync();
        }
        flush();
    }

    // ---- cancel -----------------------------------------------------------------------------

    public void cancelStarted() {
        cancelsInFlight++;
    }

    /** Returns whether no other cancel is on its way. */
    public boolean cancelEnded() {
        return --cancelsInFlight == 0;
    }

    /** A cancel is on its way: it must find no other client's query here. */
    public boolean isCancelInFlight() {
        return cancelsInFlight > 0;
    }

    // ---- freeze -----------------------------------------------------------------------------

    /** Everything but the channel; this object is of no use afterwards. Flushes before. */
    public FrozenServer freeze() {
        assert inLoop();
        flush();
        lastBatch.forget();
        closed = true;
        var frozen =
                new FrozenServer(
                        identity,
                        protocol.freeze(),
                        messageCut,
                        statements.freeze(),
                        cancelsInFlight,
                        idleSinceNanos,
                        counts());
        statements.release();
        return frozen;
    }

    /** Goes on where the frozen server stopped, with its connection as {@code channel}. */
    public static Server thaw(FrozenServer frozen, Channel channel, ServerOwner owner) {
        return new Server(frozen, channel, owner, UnaryOperator.identity());
    }

    /**
     * The same in another process.
     *
     * @param adopt what is used here in the place of a statement
     */
    public static Server thaw(
            FrozenServer frozen,
            Channel channel,
            ServerOwner owner,
            UnaryOperator<Statement> adopt) {
        return new Server(frozen, channel, owner, adopt);
    }

    // ---- the end ----------------------------------------------------------------------------

    /** Ends the connection, politely where the protocol allows it. */
    public void close() {
        if (!closed && !messageCut && channel.isActive()) {
            ByteBuf out = channel.alloc().buffer(Frames.HEADER_BYTES);
            Frames.writeEmpty(out, FrontendType.TERMINATE);
            channel.writeAndFlush(out, channel.voidPromise()); // lost if PostgreSQL reads nothing
        }
        channel.close();
    }

    private boolean inLoop() {
        return channel.eventLoop().inEventLoop();
    }

    @Override
    public String toString() {
        return identity + " status=" + status() + " replies=" + replies();
    }
}
