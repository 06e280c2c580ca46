package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * CloseComplete (B): the answer to Close. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CLOSECOMPLETE">Message
 *     Formats</a>
 */
public record CloseComplete() implements BackendMessage {
    public static final byte TYPE = BackendType.CLOSE_COMPLETE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static CloseComplete decode(ByteBuf body) {
        MessageBody.requireEnd(body, "CloseComplete");
        return new CloseComplete();
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
