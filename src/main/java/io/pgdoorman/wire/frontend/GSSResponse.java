package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;

/**
 * GSSResponse (F): a GSSAPI or SSPI token. Threads: immutable. Keeps no buffer.
 *
 * @param data defined by GSSAPI
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-GSSRESPONSE">Message
 *     Formats</a>
 */
public record GSSResponse(Bytes data) implements FrontendMessage {
    public static final byte TYPE = FrontendType.PASSWORD_MESSAGE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static GSSResponse decode(ByteBuf body) {
        return new GSSResponse(MessageBody.readRemaining(body));
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        data.encode(out);
        Frames.end(out, lengthIndex);
    }
}
