package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorFields;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ParameterStatus;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;

/**
 * Where one server is in the protocol: what it owes, its transaction status, the parameters it
 * reports, the traces its session leaves. Follows both directions of the stream.
 *
 * <p>Of each message only type and length are looked at; those that change something here
 * (ReadyForQuery, CommandComplete, ParameterStatus, errors of the pooler's own queries) are short
 * and wait until they are whole; all others pass on in the pieces in which they came.
 *
 * <p>Threads: confined to the server's loop. No channel, no clock.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html">Message Flow</a>
 */
public final class ServerProtocol implements FrameScanner.Visitor, ReplyQueue.Listener {
    /** Longest message kept until it is whole; longer ones pass unread. */
    private static final int MAX_HELD_BODY = 64 * 1024;

    /** What the stream leads to. */
    interface Events {
        /** A run for the client; borrowed. */
        void onRun(ByteBuf in, int from, int to);

        /** The reply to a message that was not sent, one of {@link ReplyQueue}'s, is due. */
        void onSkipped(byte kind);

        /** A message about a statement was answered; its kind is one of {@link ReplyQueue}'s. */
        void onStatementConfirmed(byte kind);

        /** See {@link ReplyQueue.Listener#onUndone}. */
        void onStatementsUndone(byte[] kinds, boolean firstFailed);

        /** An error for the client; borrowed. */
        ErrorFate onError(ByteBuf in, int index, int bodyLength);

        /** The first reply to a batch, before anything else is done with it. */
        void onFirstReply();

        /** The server has forgotten all prepared statements. */
        void onStatementsGone();

        /** Returns whether PostgreSQL's message passes. */
        boolean onParameterStatus(String name, String value);

        /** A ReadyForQuery for the client. */
        void onAnswered();

        /** The pooler's own query failed, and its ReadyForQuery has come. */
        void onOwnQueryFailed(ErrorResponse error);
    }

    private final Events events;
    private final FrameScanner stream;
    private final ReplyQueue replies;
    private final StatementScanner.Hits hits = new StatementScanner.Hits();

    private ParameterSet parameters;
    private TransactionStatus status;
    private int traces;
    private boolean used;
    private boolean lastWasError;
    private @Nullable ErrorResponse ownError;
    private boolean settled;

    /** Somebody wants to know when the batch at hand can no longer be run again. */
    private boolean awaitsFirstReply;

    ServerProtocol(Events events, ParameterSet parameters) {
        this.events = events;
        this.stream = new FrameScanner();
        this.replies = new ReplyQueue(this);
        this.parameters = parameters;
        this.status = TransactionStatus.IDLE;
    }

    // ---- what the client sends --------------------------------------------------------------

    /** Returns whether the text that follows has to be shown to {@link #scanStatement}. */
    boolean onFrontendMessage(byte type) {
        used = true;
        settled = false;
        switch (type) {
            case FrontendType.QUERY -> {
                replies.sentQuery();
                return true;
            }
            case FrontendType.PARSE -> {
                replies.sentExtended(ReplyQueue.PARSE);
                return true;
            }
            case FrontendType.BIND -> replies.sentExtended(ReplyQueue.BIND);
            case FrontendType.DESCRIBE -> replies.sentExtended(ReplyQueue.DESCRIBE);
            case FrontendType.EXECUTE -> replies.sentExtended(ReplyQueue.EXECUTE);
            case FrontendType.CLOSE -> replies.sentExtended(ReplyQueue.CLOSE);
            case FrontendType.SYNC -> replies.sentSync();
            case FrontendType.FUNCTION_CALL -> {
                replies.sentFunctionCall();
                traces |= SessionTraces.ALL; // any function, named by its OID
            }
            case FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> replies.sentCopyEnd();
            default -> {} // Flush and CopyData have no reply of their own
        }
        return false;
    }

    /** As {@link #onFrontendMessage}, of a message about statements that goes out as another. */
    void sentStatement(byte kind) {
        used = true;
        settled = false;
        replies.sentExtended(kind);
    }

    /**
     * A message of the client does not go out, because its reply is known.
     *
     * @return whether the reply is due at once: nothing else is outstanding, and no message of the
     *     server is cut
     */
    boolean skip(byte kind) {
        used = true;
        settled = false;
        replies.skipped(kind);
        return replies.headIsSkipped() && stream.isAtBoundary();
    }

    /** {@link Events#onFirstReply} is called for the next reply that is no error. */
    void awaitFirstReply() {
        awaitsFirstReply = true;
    }

    /** See {@link ReplyQueue#retry}. */
    void retry() {
        awaitsFirstReply = false;
        replies.retry();
    }

    /** Makes up the replies that are due. */
    void makeUpReplies() {
        while (replies.headIsSkipped()) {
            stream.passRun(this);
            byte kind = replies.takeSkipped();
            if (kind == ReplyQueue.SKIPPED_DEALLOCATE
                    || kind == ReplyQueue.SKIPPED_DEALLOCATE_ALL) {
                settled = status == TransactionStatus.IDLE && replies.isSettled();
            }
            events.onSkipped(kind);
        }
    }

    /** Whether the session has come to rest without another reply. */
    boolean takeSettled() {
        boolean was = settled;
        settled = false;
        return was;
    }

    @Override
    public void onConfirmed(byte kind) {
        events.onStatementConfirmed(kind);
    }

    @Override
    public void onUndone(byte[] kinds, boolean firstFailed) {
        events.onStatementsUndone(kinds, firstFailed);
    }

    long scanStatement(long state, ByteBuf text, int index, int length) {
        long next = StatementScanner.scan(state, text, index, length, hits);
        if (hits.found != 0) {
            traces |= hits.traces();
            hits.found = 0;
        }
        return next;
    }

    void addTraces(int more) {
        traces |= more;
    }

    void sentOwnQuery() {
        settled = false;
        replies.sentOwn();
    }

    // ---- what PostgreSQL sends ----------------------------------------------------------------

    /**
     * Reads on. Borrows {@code in}.
     *
     * @return whether the session has come to rest: no transaction, nothing owed
     */
    boolean read(ByteBuf in, ByteBufAllocator alloc) {
        stream.read(in, this, alloc);
        if (replies.headIsSkipped() && stream.isAtBoundary()) {
            makeUpReplies();
        }
        if (!settled || !stream.isAtBoundary()) {
            return false; // or not yet: the rest of a notice, say, is on its way to the client
        }
        settled = false;
        return true;
    }

    @Override
    public int bodyLength(byte type, int length) {
        Frames.checkBackendLength(type, length);
        if (type == BackendType.READY_FOR_QUERY && length != Integer.BYTES + 1) {
            throw new ProtocolException("server sent ReadyForQuery of length " + length);
        }
        return length - Integer.BYTES;
    }

    @Override
    public int heldBytes(byte type, int bodyLength) {
        return switch (type) {
            case BackendType.READY_FOR_QUERY -> bodyLength;
            case BackendType.COMMAND_COMPLETE,
                    BackendType.PARAMETER_STATUS,
                    BackendType.ERROR_RESPONSE ->
                    bodyLength <= MAX_HELD_BODY ? bodyLength : 0;
            default -> 0;
        };
    }

    @Override
    public Verdict onFrame(byte type, ByteBuf in, int index, int bodyLength) {
        if (replies.headIsSkipped()) {
            makeUpReplies();
        }
        if (type == BackendType.DATA_ROW || type == BackendType.COPY_DATA) {
            return replies.headIsOwn() ? Verdict.DROP : Verdict.PASS; // most messages by far
        }
        boolean own = replies.headIsOwn();
        if (awaitsFirstReply && type != BackendType.ERROR_RESPONSE) {
            awaitsFirstReply = false;
            events.onFirstReply();
        }
        if (type != BackendType.NOTICE_RESPONSE && type != BackendType.NOTIFICATION_RESPONSE) {
            lastWasError = type == BackendType.ERROR_RESPONSE;
        }
        boolean passes =
                own
                        ? onOwnReply(type, in, index, bodyLength)
                        : onReply(type, in, index, bodyLength);
        return passes ? Verdict.PASS : Verdict.DROP;
    }

    private boolean onReply(byte type, ByteBuf in, int index, int bodyLength) {
        switch (type) {
            case BackendType.READY_FOR_QUERY -> onReadyForQuery(in, index);
            case BackendType.COMMAND_COMPLETE -> {
                onCommandTag(in, index, bodyLength);
                replies.receivedExecuteEnd();
            }
            case BackendType.EMPTY_QUERY_RESPONSE, BackendType.PORTAL_SUSPENDED ->
                    replies.receivedExecuteEnd();
            case BackendType.PARSE_COMPLETE -> {
                return receivedOfStatement(ReplyQueue.PARSE);
            }
            case BackendType.BIND_COMPLETE -> replies.received(ReplyQueue.BIND);
            case BackendType.CLOSE_COMPLETE -> {
                return receivedOfStatement(ReplyQueue.CLOSE);
            }
            case BackendType.ROW_DESCRIPTION, BackendType.NO_DATA ->
                    replies.received(ReplyQueue.DESCRIBE);
            case BackendType.COPY_IN_RESPONSE -> replies.receivedCopyIn();
            case BackendType.ERROR_RESPONSE -> {
                ErrorFate fate = ErrorFate.PASSES;
                if (bodyLength <= MAX_HELD_BODY) {
                    stream.passRun(this); // another message may come in the place of this one
                    fate = events.onError(in, index, bodyLength);
                }
                if (fate == ErrorFate.RETRIED) {
                    lastWasError = false;
                    return false;
                }
                replies.receivedError();
                if (bodyLength <= MAX_HELD_BODY
                        && ErrorFields.has(
                                in,
                                index,
                                bodyLength,
                                ErrorFields.SQLSTATE,
                                SqlState.PROTOCOL_VIOLATION)) {
                    // A message the backend could not read may be the very Sync that is waited for.
                    replies.receivedViolation();
                }
                return fate == ErrorFate.PASSES;
            }
            case BackendType.PARAMETER_STATUS -> {
                if (bodyLength <= MAX_HELD_BODY) {
                    return onParameterStatus(in, index, bodyLength, true);
                }
            }
            default ->
                    requireSessionMessage(type); // rows, notices and the like change nothing here
        }
        return true;
    }

    /** Returns whether the client waits for it. */
    private boolean receivedOfStatement(byte reply) {
        boolean own = replies.isOwnReply(reply);
        replies.received(reply);
        return !own;
    }

    /** Of the pooler's own query; only what another session sent may pass. */
    private boolean onOwnReply(byte type, ByteBuf in, int index, int bodyLength) {
        switch (type) {
            case BackendType.READY_FOR_QUERY -> onReadyForQuery(in, index);
            case BackendType.PARAMETER_STATUS -> {
                if (bodyLength <= MAX_HELD_BODY) {
                    onParameterStatus(in, index, bodyLength, false);
                }
            }
            case BackendType.ERROR_RESPONSE -> {
                if (ownError == null) {
                    ownError =
                            bodyLength <= MAX_HELD_BODY
                                    ? ErrorResponse.decode(in.slice(index, bodyLength))
                                    : ErrorResponse.of(
                                            Severity.ERROR, SqlState.INTERNAL_ERROR, "long error");
                }
                replies.receivedError();
            }
            default -> requireSessionMessage(type); // CommandComplete, rows of a SELECT
        }
        return type == BackendType.NOTIFICATION_RESPONSE;
    }

    private static void requireSessionMessage(byte type) {
        boolean ofLogin =
                type == BackendType.AUTHENTICATION
                        || type == BackendType.BACKEND_KEY_DATA
                        || type == BackendType.NEGOTIATE_PROTOCOL_VERSION;
        if (ofLogin || !BackendType.isKnown(type)) {
            throw new ProtocolException(
                    "server sent %s in a session".formatted(BackendType.name(type)));
        }
    }

    private void onReadyForQuery(ByteBuf in, int index) {
        status = TransactionStatus.of(in.getByte(index));
        boolean own = replies.headIsOwn();
        replies.receivedReadyForQuery();
        settled = status == TransactionStatus.IDLE && replies.isSettled();
        if (!own) {
            events.onAnswered();
        }
        ErrorResponse failed = ownError;
        if (own && failed != null) {
            ownError = null;
            events.onOwnQueryFailed(failed);
        }
    }

    private boolean onParameterStatus(ByteBuf in, int index, int bodyLength, boolean tell) {
        ParameterStatus changed = ParameterStatus.decode(in.slice(index, bodyLength));
        parameters = parameters.with(changed.name(), changed.value());
        if (!tell) {
            return false;
        }
        stream.passRun(this); // the client may get another message in the place of this one
        return events.onParameterStatus(changed.name(), changed.value());
    }

    /** A tag is only read if it may be one of those that leave traces. */
    private void onCommandTag(ByteBuf in, int index, int bodyLength) {
        if (bodyLength < 3 || bodyLength > MAX_HELD_BODY) {
            return;
        }
        boolean mayLeaveTraces =
                switch (in.getByte(index)) {
                    case 'S' -> in.getByte(index + 2) == 'T'; // SET, not SELECT
                    case 'L', 'P' -> true; // LISTEN, LOAD, PREPARE
                    case 'C' -> in.getByte(index + 1) == 'A'; // CALL, not COMMIT
                    case 'D' -> in.getByte(index + 2) != 'L'; // DO, DECLARE CURSOR, DISCARD
                    default -> false;
                };
        if (mayLeaveTraces) {
            String tag = in.toString(index, bodyLength - 1, StandardCharsets.US_ASCII);
            traces = SessionTraces.ofTag(traces, tag);
            if (tag.equals("DISCARD ALL") || tag.equals("DEALLOCATE ALL")) {
                events.onStatementsGone();
            }
        }
    }

    @Override
    public void onBody(ByteBuf in, int index, int length) {
        throw new IllegalStateException("no body is asked for");
    }

    @Override
    public void onRun(ByteBuf in, int from, int to) {
        events.onRun(in, from, to);
    }

    // ---- where it stands ------------------------------------------------------------------------

    ReplyQueue replies() {
        return replies;
    }

    ParameterSet parameters() {
        return parameters;
    }

    void shareParameters(ParameterSet same) {
        parameters = same;
    }

    TransactionStatus status() {
        return status;
    }

    int traces() {
        return traces;
    }

    boolean lastWasError() {
        return lastWasError;
    }

    boolean isUsed() {
        return used;
    }

    void forgetTraces() {
        traces = SessionTraces.NONE;
        used = false;
    }

    /** Nothing owed, PostgreSQL's stream stands between two messages, and it takes no leave. */
    boolean isReusable() {
        return !replies.isConfused()
                && replies.isSettled()
                && stream.isAtBoundary()
                && !isLeaving();
    }

    /** See {@link Server#isComingToRest}. */
    boolean isComingToRest() {
        return settled;
    }

    /**
     * An error that answers nothing, since the ReadyForQuery that ends every answer did not follow
     * it: PostgreSQL has ended the session, and closes the connection within milliseconds.
     */
    boolean isLeaving() {
        return lastWasError && replies.isSettled();
    }

    void release() {
        stream.release();
    }

    // ---- freeze ---------------------------------------------------------------------------------

    /**
     * All of it as data.
     *
     * @param used a client's message went out since the last clean-up
     * @param settled the session came to rest, and its owner has not been told
     * @param ownError of the pooler's own query whose ReadyForQuery has not come yet
     */
    public record Frozen(
            FrameScanner.Frozen stream,
            ReplyQueue.Frozen replies,
            ParameterSet parameters,
            TransactionStatus status,
            int traces,
            boolean used,
            boolean lastWasError,
            @Nullable ErrorResponse ownError,
            boolean settled) {}

    Frozen freeze() {
        return new Frozen(
                stream.freeze(),
                replies.freeze(),
                parameters,
                status,
                traces,
                used,
                lastWasError,
                ownError,
                settled);
    }

    ServerProtocol(Events events, Frozen frozen, ByteBufAllocator alloc) {
        this.events = events;
        this.stream = FrameScanner.thaw(frozen.stream(), alloc);
        this.replies = ReplyQueue.thaw(frozen.replies(), this);
        this.parameters = frozen.parameters();
        this.status = frozen.status();
        this.traces = frozen.traces();
        this.used = frozen.used();
        this.lastWasError = frozen.lastWasError();
        this.ownError = frozen.ownError();
        this.settled = frozen.settled();
    }
}
