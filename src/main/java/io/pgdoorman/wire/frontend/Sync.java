package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;

/**
 * Sync (F): ends an extended query batch; the server answers ReadyForQuery. Threads: immutable.
 * Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SYNC">Message
 *     Formats</a>
 */
public record Sync() implements FrontendMessage {
    public static final byte TYPE = FrontendType.SYNC;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Sync decode(ByteBuf body) {
        MessageBody.requireEnd(body, "Sync");
        return new Sync();
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
