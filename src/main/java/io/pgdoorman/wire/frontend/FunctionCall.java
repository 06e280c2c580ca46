package io.pgdoorman.wire.frontend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.MessageBody;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * FunctionCall (F): calls a function without SQL. Threads: immutable. Keeps no buffer.
 *
 * @param functionOid object ID, unsigned
 * @param argumentFormats none (all text), one (for all) or one for each argument
 * @param arguments null stands for NULL; unmodifiable
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-FUNCTIONCALL">Message
 *     Formats</a>
 */
public record FunctionCall(
        int functionOid,
        List<FormatCode> argumentFormats,
        List<@Nullable Bytes> arguments,
        FormatCode resultFormat)
        implements FrontendMessage {
    public static final byte TYPE = FrontendType.FUNCTION_CALL;

    public FunctionCall {
        argumentFormats = List.copyOf(argumentFormats);
        arguments = MessageBody.copyOfNullable(arguments);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static FunctionCall decode(ByteBuf body) {
        int functionOid = MessageBody.readInt(body, "FunctionCall: object ID");
        List<FormatCode> formats = MessageBody.readFormats(body, "FunctionCall: argument formats");
        List<@Nullable Bytes> arguments = MessageBody.readValues(body, "FunctionCall: arguments");
        FormatCode resultFormat = MessageBody.readFormat(body, "FunctionCall: result format");
        MessageBody.requireEnd(body, "FunctionCall");
        return new FunctionCall(functionOid, formats, arguments, resultFormat);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeInt(functionOid);
        MessageBody.writeFormats(out, argumentFormats);
        MessageBody.writeValues(out, arguments);
        out.writeShort(resultFormat.code());
        Frames.end(out, lengthIndex);
    }
}
