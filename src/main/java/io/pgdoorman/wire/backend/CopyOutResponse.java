package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

import java.util.List;

/**
 * CopyOutResponse (B): the server is about to send COPY data. Threads: immutable. Keeps no buffer.
 *
 * @param format of the whole data
 * @param columnFormats one for each column; all text if {@code format} is
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYOUTRESPONSE">Message
 *     Formats</a>
 */
public record CopyOutResponse(FormatCode format, List<FormatCode> columnFormats)
        implements BackendMessage {
    public static final byte TYPE = BackendType.COPY_OUT_RESPONSE;

    public CopyOutResponse {
        columnFormats = List.copyOf(columnFormats);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static CopyOutResponse decode(ByteBuf body) {
        FormatCode format = FormatCode.of(MessageBody.readByte(body, "CopyOutResponse: format"));
        List<FormatCode> columnFormats =
                MessageBody.readFormats(body, "CopyOutResponse: column formats");
        MessageBody.requireEnd(body, "CopyOutResponse");
        return new CopyOutResponse(format, columnFormats);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        out.writeByte(format.code());
        MessageBody.writeFormats(out, columnFormats);
        Frames.end(out, lengthIndex);
    }
}
