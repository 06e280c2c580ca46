package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;

/**
 * AuthenticationKerberosV5 (B): asks for Kerberos V5, which no supported PostgreSQL does. Threads:
 * immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONKERBEROSV5">Message
 *     Formats</a>
 */
public record AuthenticationKerberosV5() implements Authentication {
    public static final int KIND = 2;

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
