package io.pgdoorman.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.DataRow;
import io.pgdoorman.wire.backend.RowDescription;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * What a client of the console gets, as bytes. They are made where the command runs: on the loop,
 * thousands of rows would hold up all those whom it relays.
 *
 * <p>Threads: one after the other. The pieces are on the heap, nobody has to release them.
 */
final class ConsoleAnswer {
    private static final int FIRST_BYTES = 1 << 10;
    private static final int PIECE_BYTES = 64 << 10;

    private final List<ByteBuf> pieces = new ArrayList<>(1);

    List<ByteBuf> pieces() {
        return pieces;
    }

    void add(BackendMessage message) {
        if (pieces.isEmpty() || pieces.getLast().readableBytes() >= PIECE_BYTES) {
            pieces.add(Unpooled.buffer(pieces.isEmpty() ? FIRST_BYTES : PIECE_BYTES));
        }
        message.encode(pieces.getLast());
    }

    /**
     * A RowDescription.
     *
     * @param formats of the columns: none is text for all, one is for all, else one for each
     */
    void describe(Table table, List<FormatCode> formats) {
        List<RowDescription.Field> fields = new ArrayList<>();
        for (int i = 0; i < table.columns().size(); i++) {
            RowDescription.Field field = table.columns().get(i).field();
            fields.add(
                    new RowDescription.Field(
                            field.name(),
                            field.tableOid(),
                            field.attributeNumber(),
                            field.typeOid(),
                            field.typeSize(),
                            field.typeModifier(),
                            format(formats, i)));
        }
        add(new RowDescription(fields));
    }

    /** A DataRow for each row from {@code from} to before {@code to}. */
    void rows(Table table, List<FormatCode> formats, int from, int to) {
        for (List<@Nullable String> row : table.rows().subList(from, to)) {
            List<@Nullable Bytes> values = new ArrayList<>(row.size());
            for (int i = 0; i < row.size(); i++) {
                String value = row.get(i);
                values.add(
                        value == null
                                ? null
                                : Values.encode(
                                        value, table.columns().get(i).type(), format(formats, i)));
            }
            add(new DataRow(values));
        }
    }

    private static FormatCode format(List<FormatCode> formats, int column) {
        return switch (formats.size()) {
            case 0 -> FormatCode.TEXT;
            case 1 -> formats.getFirst();
            default -> column < formats.size() ? formats.get(column) : FormatCode.TEXT;
        };
    }
}
