package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * BindComplete (B): the answer to Bind. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BINDCOMPLETE">Message
 *     Formats</a>
 */
public record BindComplete() implements BackendMessage {
    public static final byte TYPE = BackendType.BIND_COMPLETE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static BindComplete decode(ByteBuf body) {
        MessageBody.requireEnd(body, "BindComplete");
        return new BindComplete();
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
