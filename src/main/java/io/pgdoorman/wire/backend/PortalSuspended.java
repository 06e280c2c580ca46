package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * PortalSuspended (B): Execute reached its row limit; the portal has more. Threads: immutable.
 * Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PORTALSUSPENDED">Message
 *     Formats</a>
 */
public record PortalSuspended() implements BackendMessage {
    public static final byte TYPE = BackendType.PORTAL_SUSPENDED;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static PortalSuspended decode(ByteBuf body) {
        MessageBody.requireEnd(body, "PortalSuspended");
        return new PortalSuspended();
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        Frames.writeEmpty(out, TYPE);
    }
}
