package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

import java.util.ArrayList;
import java.util.List;

/**
 * ParameterDescription (B): the parameters of a prepared statement. Threads: immutable. Keeps no
 * buffer.
 *
 * @param parameterTypes object IDs, unsigned
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARAMETERDESCRIPTION">Message
 *     Formats</a>
 */
public record ParameterDescription(List<Integer> parameterTypes) implements BackendMessage {
    public static final byte TYPE = BackendType.PARAMETER_DESCRIPTION;

    public ParameterDescription {
        parameterTypes = List.copyOf(parameterTypes);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static ParameterDescription decode(ByteBuf body) {
        int count = MessageBody.readCount(body, Integer.BYTES, "ParameterDescription: types");
        List<Integer> types = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            types.add(body.readInt());
        }
        MessageBody.requireEnd(body, "ParameterDescription");
        return new ParameterDescription(types);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        MessageBody.writeCount(out, parameterTypes.size());
        parameterTypes.forEach(out::writeInt);
        Frames.end(out, lengthIndex);
    }
}
