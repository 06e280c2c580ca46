package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;

/**
 * AuthenticationSASLFinal (B): the outcome of SASL. Threads: immutable. Keeps no buffer.
 *
 * @param data defined by the mechanism
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONSASLFINAL">Message
 *     Formats</a>
 */
public record AuthenticationSASLFinal(Bytes data) implements Authentication {
    public static final int KIND = 12;

    @Override
    public int kind() {
        return KIND;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(KIND);
        data.encode(out);
        Frames.end(out, lengthIndex);
    }
}
