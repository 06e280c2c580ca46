package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * NoData (B): the answer to Describe when there are no rows. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NODATA">Message
 *     Formats</a>
 */
public record NoData() implements BackendMessage {
    public static final byte TYPE = BackendType.NO_DATA;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static NoData decode(ByteBuf body) {
        MessageBody.requireEnd(body, "NoData");
        return new NoData();
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        Frames.writeEmpty(out, TYPE);
    }
}
