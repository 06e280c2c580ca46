package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * CopyDone (B): the server has sent all of its COPY data. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDONE">Message
 *     Formats</a>
 */
public record CopyDone() implements BackendMessage {
    public static final byte TYPE = BackendType.COPY_DONE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static CopyDone decode(ByteBuf body) {
        MessageBody.requireEnd(body, "CopyDone");
        return new CopyDone();
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
