package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * DataRow (B): a row. Threads: immutable. Keeps no buffer.
 *
 * @param columns null stands for NULL; unmodifiable
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-DATAROW">Message
 *     Formats</a>
 */
public record DataRow(List<@Nullable Bytes> columns) implements BackendMessage {
    public static final byte TYPE = BackendType.DATA_ROW;

    public DataRow {
        columns = MessageBody.copyOfNullable(columns);
    }

    /** A row in text format; null stands for NULL. */
    public static DataRow ofText(@Nullable String... columns) {
        return new DataRow(MessageBody.textValues(columns));
    }

    /** The column as text; null for NULL. */
    public @Nullable String text(int column) {
        Bytes value = columns.get(column);
        return value == null ? null : value.toText();
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static DataRow decode(ByteBuf body) {
        List<@Nullable Bytes> columns = MessageBody.readValues(body, "DataRow: columns");
        MessageBody.requireEnd(body, "DataRow");
        return new DataRow(columns);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        MessageBody.writeValues(out, columns);
        Frames.end(out, lengthIndex);
    }
}
