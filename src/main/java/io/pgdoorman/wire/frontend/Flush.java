package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;

/**
 * Flush (F): asks the server to send what it holds back. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FLUSH">Message
 *     Formats</a>
 */
public record Flush() implements FrontendMessage {
    public static final byte TYPE = FrontendType.FLUSH;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Flush decode(ByteBuf body) {
        MessageBody.requireEnd(body, "Flush");
        return new Flush();
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
