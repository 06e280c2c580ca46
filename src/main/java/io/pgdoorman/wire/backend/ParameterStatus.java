package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * ParameterStatus (B): the value of a run-time parameter, at login and when it changes. Threads:
 * immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARAMETERSTATUS">Message
 *     Formats</a>
 */
public record ParameterStatus(String name, String value) implements BackendMessage {
    public static final byte TYPE = BackendType.PARAMETER_STATUS;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static ParameterStatus decode(ByteBuf body) {
        String name = WireStrings.readCString(body, "ParameterStatus: name");
        String value = WireStrings.readCString(body, "ParameterStatus: value");
        MessageBody.requireEnd(body, "ParameterStatus");
        return new ParameterStatus(name, value);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, name);
        WireStrings.writeCString(out, value);
        Frames.end(out, lengthIndex);
    }
}
