package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;

/**
 * AuthenticationSSPI (B): starts SSPI. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONSSPI">Message
 *     Formats</a>
 */
public record AuthenticationSSPI() implements Authentication {
    public static final int KIND = 9;

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
