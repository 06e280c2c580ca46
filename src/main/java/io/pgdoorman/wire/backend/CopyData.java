package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * CopyData (B): a piece of COPY data. Threads: immutable. Keeps no buffer.
 *
 * @param data one row for each message, as PostgreSQL sends it today
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDATA">Message
 *     Formats</a>
 */
public record CopyData(Bytes data) implements BackendMessage {
    public static final byte TYPE = BackendType.COPY_DATA;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static CopyData decode(ByteBuf body) {
        return new CopyData(MessageBody.readRemaining(body));
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        data.encode(out);
        Frames.end(out, lengthIndex);
    }
}
