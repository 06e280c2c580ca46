package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * ParseComplete (B): the answer to Parse. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARSECOMPLETE">Message
 *     Formats</a>
 */
public record ParseComplete() implements BackendMessage {
    public static final byte TYPE = BackendType.PARSE_COMPLETE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static ParseComplete decode(ByteBuf body) {
        MessageBody.requireEnd(body, "ParseComplete");
        return new ParseComplete();
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
