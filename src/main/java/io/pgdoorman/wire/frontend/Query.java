package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

/**
 * Query (F): a simple query. Threads: immutable. Keeps no buffer.
 *
 * @param sql the query string; may hold several statements
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-QUERY">Message
 *     Formats</a>
 */
public record Query(String sql) implements FrontendMessage {
    public static final byte TYPE = FrontendType.QUERY;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static Query decode(ByteBuf body) {
        String sql = WireStrings.readCString(body, "Query: query string");
        MessageBody.requireEnd(body, "Query");
        return new Query(sql);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        WireStrings.writeCString(out, sql);
        Frames.end(out, lengthIndex);
    }
}
