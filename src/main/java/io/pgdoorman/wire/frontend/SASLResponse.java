package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;

/**
 * SASLResponse (F): a SASL message after the first. Threads: immutable. Keeps no buffer.
 *
 * @param data defined by the mechanism; its {@link Bytes#toString} hides it
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SASLRESPONSE">Message
 *     Formats</a>
 */
public record SASLResponse(Bytes data) implements FrontendMessage {
    public static final byte TYPE = FrontendType.PASSWORD_MESSAGE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static SASLResponse decode(ByteBuf body) {
        return new SASLResponse(MessageBody.readRemaining(body));
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
