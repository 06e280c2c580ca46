package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * CopyFail (F): the client gives up a COPY; the server reports an error. Threads: immutable. Keeps
 * no buffer.
 *
 * @param reason goes into the error message of the server
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYFAIL">Message
 *     Formats</a>
 */
public record CopyFail(String reason) implements FrontendMessage {
    public static final byte TYPE = FrontendType.COPY_FAIL;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static CopyFail decode(ByteBuf body) {
        String reason = WireStrings.readCString(body, "CopyFail: error message");
        MessageBody.requireEnd(body, "CopyFail");
        return new CopyFail(reason);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, reason);
        Frames.end(out, lengthIndex);
    }
}
