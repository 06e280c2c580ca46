package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;

/**
 * BackendKeyData (B): what a CancelRequest for this session must carry. Threads: immutable. Keeps
 * no buffer.
 *
 * @param key its secret has four bytes in protocol 3.0, 4 to 256 in 3.2
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA">Message
 *     Formats</a>
 */
public record BackendKeyData(CancelKey key) implements BackendMessage {
    public static final byte TYPE = BackendType.BACKEND_KEY_DATA;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static BackendKeyData decode(ByteBuf body) {
        return new BackendKeyData(CancelKey.decode(body, "BackendKeyData"));
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        key.encode(out);
        Frames.end(out, lengthIndex);
    }
}
