package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;

/**
 * GSSENCRequest (F): asks for GSSAPI encryption; the answer is one byte, {@code G} or {@code N}.
 * Threads: immutable.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-GSSENCREQUEST">Message
 *     Formats</a>
 */
public record GSSENCRequest() implements StartupPacket {
    /** Stands where a StartupMessage has its version. */
    public static final int CODE = 80877104;

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.beginUntyped(out);
        out.writeInt(CODE);
        Frames.end(out, lengthIndex);
    }
}
