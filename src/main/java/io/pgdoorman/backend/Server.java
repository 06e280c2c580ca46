package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
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

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One logged-in connection to PostgreSQL: its channel, its {@link ServerProtocol position in the
 * protocol}, and who has it at the moment.
 *
 * <p>Threads: confined to the channel's event loop, which changes only while the server is idle
 * (see the pool). Buffers: {@link #onRead} consumes; writes consume.
 */
public final class Server implements ServerProtocol.Events {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    private final ServerIdentity identity;
    private final ServerProtocol protocol;
    private Channel channel;
    private ServerOwner owner;
    private boolean messageCut;
    private boolean closed;
    private int cancelsInFlight;
    private long idleSinceNanos;

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
        this.idleSinceNanos = System.nanoTime();
    }

    private Server(FrozenServer frozen, Channel channel, ServerOwner owner) {
        this.identity = frozen.identity();
        this.channel = channel;
        this.owner = owner;
        this.protocol = new ServerProtocol(this, frozen.protocol(), channel.alloc());
        this.messageCut = frozen.messageCut();
        this.cancelsInFlight = frozen.cancelsInFlight();
        this.idleSinceNanos = frozen.idleSinceNanos();
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
        channel.write(bytes, channel.voidPromise());
    }

    public void flush() {
        channel.flush();
    }

    /** Sends a simple query of the pooler's own; its replies stop here. Flushes not. */
    public void sendOwnQuery(String sql) {
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
        try {
            settled = protocol.read(in, channel.alloc());
        } catch (ProtocolException e) {
            LOG.warn("{} {}, closing it", identity, e.getMessage());
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
    public void onOwnQueryFailed(ErrorResponse error) {
        owner.onOwnQueryFailed(this, error);
    }

    // ---- leaving it clean -------------------------------------------------------------------

    /** Where it is in the protocol is known, and it owes nothing. */
    public boolean isReusable() {
        return !closed && !messageCut && protocol.isReusable();
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
        channel.flush();
        closed = true;
        return new FrozenServer(
                identity, protocol.freeze(), messageCut, cancelsInFlight, idleSinceNanos);
    }

    /** Goes on where the frozen server stopped, with its connection as {@code channel}. */
    public static Server thaw(FrozenServer frozen, Channel channel, ServerOwner owner) {
        return new Server(frozen, channel, owner);
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
