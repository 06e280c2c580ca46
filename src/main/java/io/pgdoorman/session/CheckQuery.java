package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;

import org.jspecify.annotations.Nullable;

/**
 * The query by which drivers and frameworks ask whether the connection is alive ({@code
 * pooler_check_query}), for one client. PostgreSQL answers it once for each pool; from then on the
 * pooler does, without a server.
 *
 * <p>What PostgreSQL said is kept if it is an answer to this query alone: no error, no notice, no
 * ParameterStatus, nothing sent behind it. A frozen session forgets that it was listening.
 *
 * <p>Threads: confined to the client's loop.
 */
final class CheckQuery {
    /** A longer answer is no answer to a check. */
    private static final int MAX_ANSWER_BYTES = 4 * 1024;

    private final Sessions sessions;
    private final Pool pool;
    private @Nullable ByteBuf heard;
    private boolean waits;

    CheckQuery(Sessions sessions, Pool pool) {
        this.sessions = sessions;
        this.pool = pool;
    }

    /** Whether a Query with a body of this length may be one. */
    boolean fits(int bodyLength) {
        int length = sessions.settings().checkQuery().length();
        return length > 0 && bodyLength == length + 1;
    }

    /** Whether this body of fitting length is one. Borrows {@code in}. */
    boolean isSent(ByteBuf in, int index, int bodyLength) {
        return in.getByte(index + bodyLength - 1) == 0
                && sessions.settings().checkQuery().isAt(in, index);
    }

    /** PostgreSQL's answer with its ReadyForQuery; null if it has not been heard yet. */
    @Nullable Bytes answer() {
        return pool.checkAnswer(sessions.settings().checkQuery());
    }

    /** The client has to wait for a server: the next message read will be the check again. */
    void waitForServer() {
        waits = true;
    }

    /** Whether the message being read is the check that had to wait; asked for each message. */
    boolean hasWaited() {
        boolean waited = waits;
        waits = false;
        return waited;
    }

    /** The query goes to a server: what comes back is the answer. */
    void listen(ByteBufAllocator alloc) {
        forget();
        heard = alloc.buffer(128);
    }

    /** Any other message goes out, so that answers can no longer be told apart. */
    void forget() {
        if (heard != null) {
            heard.release();
            heard = null;
        }
    }

    /** Part of the server's answer. Borrows {@code in}. */
    void onServerBytes(ByteBuf in, int from, int to) {
        ByteBuf answer = heard;
        if (answer == null) {
            return;
        }
        if (answer.readableBytes() + to - from > MAX_ANSWER_BYTES) {
            forget();
        } else {
            answer.writeBytes(in, from, to - from);
        }
    }

    /** The server has come to rest. */
    void onSettled() {
        ByteBuf answer = heard;
        if (answer != null) {
            if (isPlain(answer)) {
                pool.rememberCheckAnswer(
                        sessions.settings().checkQuery(),
                        Bytes.copyOf(ByteBufUtil.getBytes(answer)));
            }
            forget();
        }
    }

    private static boolean isPlain(ByteBuf answer) {
        int at = answer.readerIndex();
        while (at + Frames.HEADER_BYTES <= answer.writerIndex()) {
            switch (answer.getByte(at)) {
                case BackendType.ROW_DESCRIPTION,
                        BackendType.DATA_ROW,
                        BackendType.COMMAND_COMPLETE,
                        BackendType.EMPTY_QUERY_RESPONSE -> {}
                case BackendType.READY_FOR_QUERY -> {
                    return at + Frames.HEADER_BYTES + 1 == answer.writerIndex();
                }
                default -> {
                    return false;
                }
            }
            at += 1 + answer.getInt(at + 1);
        }
        return false;
    }
}
