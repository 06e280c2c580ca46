package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.TransactionStatus;

/**
 * ReadyForQuery (B): the server will take the next query cycle. Threads: immutable. Keeps no
 * buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY">Message
 *     Formats</a>
 */
public record ReadyForQuery(TransactionStatus status) implements BackendMessage {
    public static final byte TYPE = BackendType.READY_FOR_QUERY;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static ReadyForQuery decode(ByteBuf body) {
        byte status = MessageBody.readByte(body, "ReadyForQuery: transaction status");
        MessageBody.requireEnd(body, "ReadyForQuery");
        return new ReadyForQuery(TransactionStatus.of(status));
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeByte(status.code());
        Frames.end(out, lengthIndex);
    }
}
