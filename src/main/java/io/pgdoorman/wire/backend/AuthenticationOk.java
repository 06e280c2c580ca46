package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;

/**
 * AuthenticationOk (B): the client is who it says. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONOK">Message
 *     Formats</a>
 */
public record AuthenticationOk() implements Authentication {
    public static final int KIND = 0;

    @Override
    public int kind() {
        return KIND;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(KIND);
        Frames.end(out, lengthIndex);
    }
}
