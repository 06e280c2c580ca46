package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * Execute (F): runs a portal. Threads: immutable. Keeps no buffer.
 *
 * @param portal empty for the unnamed one
 * @param maxRows rows to return before the portal is suspended; 0 is no limit
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-EXECUTE">Message
 *     Formats</a>
 */
public record Execute(String portal, int maxRows) implements FrontendMessage {
    public static final byte TYPE = FrontendType.EXECUTE;

    /** Without a limit. */
    public Execute(String portal) {
        this(portal, 0);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Execute decode(ByteBuf body) {
        String portal = WireStrings.readCString(body, "Execute: portal name");
        int maxRows = MessageBody.readInt(body, "Execute: row limit");
        MessageBody.requireEnd(body, "Execute");
        return new Execute(portal, maxRows);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, portal);
        out.writeInt(maxRows);
        Frames.end(out, lengthIndex);
    }
}
