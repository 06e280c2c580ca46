package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

/**
 * EmptyQueryResponse (B): stands for CommandComplete after an empty query string. Threads:
 * immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-EMPTYQUERYRESPONSE">Message
 *     Formats</a>
 */
public record EmptyQueryResponse() implements BackendMessage {
    public static final byte TYPE = BackendType.EMPTY_QUERY_RESPONSE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static EmptyQueryResponse decode(ByteBuf body) {
        MessageBody.requireEnd(body, "EmptyQueryResponse");
        return new EmptyQueryResponse();
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
