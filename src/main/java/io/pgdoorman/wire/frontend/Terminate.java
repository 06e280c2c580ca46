package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;

/**
 * Terminate (F): the client ends the session. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-TERMINATE">Message
 *     Formats</a>
 */
public record Terminate() implements FrontendMessage {
    public static final byte TYPE = FrontendType.TERMINATE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Terminate decode(ByteBuf body) {
        MessageBody.requireEnd(body, "Terminate");
        return new Terminate();
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
