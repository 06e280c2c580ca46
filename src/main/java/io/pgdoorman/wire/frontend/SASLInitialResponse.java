package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

import org.jspecify.annotations.Nullable;

/**
 * SASLInitialResponse (F): chooses a SASL mechanism. Threads: immutable. Keeps no buffer.
 *
 * @param initialResponse defined by the mechanism; null when the client sends none. Its {@link
 *     Bytes#toString} hides it
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SASLINITIALRESPONSE">Message
 *     Formats</a>
 */
public record SASLInitialResponse(String mechanism, @Nullable Bytes initialResponse)
        implements FrontendMessage {
    public static final byte TYPE = FrontendType.PASSWORD_MESSAGE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static SASLInitialResponse decode(ByteBuf body) {
        String mechanism = WireStrings.readCString(body, "SASLInitialResponse: mechanism");
        Bytes initialResponse = MessageBody.readValue(body, "SASLInitialResponse: response");
        MessageBody.requireEnd(body, "SASLInitialResponse");
        return new SASLInitialResponse(mechanism, initialResponse);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, mechanism);
        MessageBody.writeValue(out, initialResponse);
        Frames.end(out, lengthIndex);
    }
}
