package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;

/**
 * CancelRequest (F): asks, on a connection of its own, to cancel what a session is running. There
 * is no answer. Threads: immutable. Keeps no buffer.
 *
 * @param key from that session's BackendKeyData
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST">Message
 *     Formats</a>
 */
public record CancelRequest(CancelKey key) implements StartupPacket {
    /** Stands where a StartupMessage has its version. */
    public static final int CODE = 80877102;

    static CancelRequest decodeKey(ByteBuf packet) {
        return new CancelRequest(CancelKey.decode(packet, "CancelRequest"));
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.beginUntyped(out);
        out.writeInt(CODE);
        key.encode(out);
        Frames.end(out, lengthIndex);
    }
}
