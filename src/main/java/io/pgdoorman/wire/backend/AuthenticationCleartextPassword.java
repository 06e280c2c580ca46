package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;

/**
 * AuthenticationCleartextPassword (B): asks for the password in clear text. Threads: immutable.
 * Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONCLEARTEXTPASSWORD">Message
 *     Formats</a>
 */
public record AuthenticationCleartextPassword() implements Authentication {
    public static final int KIND = 3;

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
