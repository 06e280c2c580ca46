package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;

/**
 * AuthenticationMD5Password (B): asks for the password hashed with MD5. Threads: immutable. Keeps
 * no buffer.
 *
 * @param salt four bytes
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONMD5PASSWORD">Message
 *     Formats</a>
 */
public record AuthenticationMD5Password(Bytes salt) implements Authentication {
    public static final int KIND = 5;
    public static final int SALT_BYTES = 4;

    public AuthenticationMD5Password {
        if (salt.length() != SALT_BYTES) {
            throw new IllegalArgumentException("MD5 salt of " + salt.length() + " bytes");
        }
    }

    @Override
    public int kind() {
        return KIND;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(KIND);
        salt.encode(out);
        Frames.end(out, lengthIndex);
    }
}
