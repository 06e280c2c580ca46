package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

import java.util.ArrayList;
import java.util.List;

/**
 * RowDescription (B): the columns of the rows to come. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ROWDESCRIPTION">Message
 *     Formats</a>
 */
public record RowDescription(List<Field> fields) implements BackendMessage {
    public static final byte TYPE = BackendType.ROW_DESCRIPTION;

    private static final int MIN_FIELD_BYTES = 19;
    private static final int TEXT_OID = 25;

    public RowDescription {
        fields = List.copyOf(fields);
    }

    /**
     * A column.
     *
     * @param tableOid object ID of the table, unsigned; 0 if it is no table's column
     * @param attributeNumber of the table's column; 0 if it is no table's column
     * @param typeOid object ID of the type, unsigned
     * @param typeSize in bytes; negative for types of variable width
     * @param typeModifier defined by the type; -1 if there is none
     */
    public record Field(
            String name,
            int tableOid,
            short attributeNumber,
            int typeOid,
            short typeSize,
            int typeModifier,
            FormatCode format) {
        /** A column of no table, in text format and without modifier. */
        public static Field of(String name, int typeOid, int typeSize) {
            return new Field(name, 0, (short) 0, typeOid, (short) typeSize, -1, FormatCode.TEXT);
        }

        /** A column of type text. */
        public static Field text(String name) {
            return of(name, TEXT_OID, -1);
        }

        private static Field decode(ByteBuf body) {
            return new Field(
                    WireStrings.readCString(body, "RowDescription: field name"),
                    MessageBody.readInt(body, "RowDescription: table"),
                    MessageBody.readShort(body, "RowDescription: attribute number"),
                    MessageBody.readInt(body, "RowDescription: type"),
                    MessageBody.readShort(body, "RowDescription: type size"),
                    MessageBody.readInt(body, "RowDescription: type modifier"),
                    MessageBody.readFormat(body, "RowDescription: format code"));
        }

        private void encode(ByteBuf out) {
            WireStrings.writeCString(out, name);
            out.writeInt(tableOid).writeShort(attributeNumber);
            out.writeInt(typeOid).writeShort(typeSize).writeInt(typeModifier);
            out.writeShort(format.code());
        }
    }

    /** Columns of type text. */
    public static RowDescription ofText(String... names) {
        List<Field> fields = new ArrayList<>(names.length);
        for (String name : names) {
            fields.add(Field.text(name));
        }
        return new RowDescription(fields);
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static RowDescription decode(ByteBuf body) {
        int count = MessageBody.readCount(body, MIN_FIELD_BYTES, "RowDescription: fields");
        List<Field> fields = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            fields.add(Field.decode(body));
        }
        MessageBody.requireEnd(body, "RowDescription");
        return new RowDescription(fields);
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        MessageBody.writeCount(out, fields.size());
        fields.forEach(field -> field.encode(out));
        Frames.end(out, lengthIndex);
    }
}
