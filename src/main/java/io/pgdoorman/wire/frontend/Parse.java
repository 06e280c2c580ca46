package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

import java.util.ArrayList;
import java.util.List;

/**
 * Parse (F): makes a prepared statement. Threads: immutable. Keeps no buffer.
 *
 * @param name of the statement; empty for the unnamed one
 * @param sql one statement, or none
 * @param parameterTypes object IDs, unsigned; 0 leaves the type to the server; may be fewer than
 *     the parameters
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARSE">Message
 *     Formats</a>
 */
public record Parse(String name, String sql, List<Integer> parameterTypes)
        implements FrontendMessage {
    public static final byte TYPE = FrontendType.PARSE;

    public Parse {
        parameterTypes = List.copyOf(parameterTypes);
    }

    /** Without parameter types. */
    public Parse(String name, String sql) {
        this(name, sql, List.of());
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Parse decode(ByteBuf body) {
        String name = WireStrings.readCString(body, "Parse: statement name");
        String sql = WireStrings.readCString(body, "Parse: query string");
        int count = MessageBody.readCount(body, Integer.BYTES, "Parse: parameter types");
        List<Integer> types = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            types.add(body.readInt());
        }
        MessageBody.requireEnd(body, "Parse");
        return new Parse(name, sql, types);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, name);
        WireStrings.writeCString(out, sql);
        MessageBody.writeCount(out, parameterTypes.size());
        parameterTypes.forEach(out::writeInt);
        Frames.end(out, lengthIndex);
    }
}
