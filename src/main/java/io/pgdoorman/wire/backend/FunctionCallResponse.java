package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

import org.jspecify.annotations.Nullable;

/**
 * FunctionCallResponse (B): the result of a FunctionCall. Threads: immutable. Keeps no buffer.
 *
 * @param result null stands for NULL
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FUNCTIONCALLRESPONSE">Message
 *     Formats</a>
 */
public record FunctionCallResponse(@Nullable Bytes result) implements BackendMessage {
    public static final byte TYPE = BackendType.FUNCTION_CALL_RESPONSE;

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static FunctionCallResponse decode(ByteBuf body) {
        Bytes result = MessageBody.readValue(body, "FunctionCallResponse: result");
        MessageBody.requireEnd(body, "FunctionCallResponse");
        return new FunctionCallResponse(result);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        MessageBody.writeValue(out, result);
        Frames.end(out, lengthIndex);
    }
}
