package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;

/**
 * SSLRequest (F): asks for TLS; the answer is one byte, {@code S} or {@code N}. Threads: immutable.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST">Message
 *     Formats</a>
 */
public record SSLRequest() implements StartupPacket {
    /** Stands where a StartupMessage has its version. */
    public static final int CODE = 80877103;

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.beginUntyped(out);
        out.writeInt(CODE);
        Frames.end(out, lengthIndex);
    }
}
