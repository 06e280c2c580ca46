package io.pgdoorman.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.MessageBody;
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
 * <p>They are not on the heap, where a long answer would live long enough to become old.
 *
 * <p>Threads: one after the other. Owns its pieces until they are taken.
 */
final class ConsoleAnswer {
    private static final int FIRST_BYTES = 1 << 10;
    private static final int PIECE_BYTES = 64 << 10;

    private final ByteBufAllocator buffers;
    private final List<ByteBuf> pieces = new ArrayList<>(1);

    ConsoleAnswer(ByteBufAllocator buffers) {
        this.buffers = buffers;
    }

    /** All of it; the caller has to release it. */
    List<ByteBuf> take() {
        List<ByteBuf> taken = List.copyOf(pieces);
        pieces.clear();
        return taken;
    }

    /** Nobody wants it any more. */
    void release() {
        take().forEach(ByteBuf::release);
    }

    void add(BackendMessage message) {
        message.encode(piece());
    }

    /** Where the next message goes. */
    private ByteBuf piece() {
        if (pieces.isEmpty() || pieces.getLast().readableBytes() >= PIECE_BYTES) {
            pieces.add(
                    pieces.isEmpty()
                            ? buffers.directBuffer(FIRST_BYTES)
                            : buffers.directBuffer(PIECE_BYTES + FIRST_BYTES));
        }
        return pieces.getLast();
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

    /**
     * A DataRow for each row that is left.
     *
     * @param most how many, if there are so many
     * @return how many there were
     */
    int rows(Table table, Rows left, List<FormatCode> formats, int most)
            throws InterruptedException {
        int count = 0;
        while (count < most && left.hasNext()) {
            row(table, left.next(), formats);
            count++;
        }
        return count;
    }

    private void row(Table table, @Nullable Object[] row, List<FormatCode> formats) {
        ByteBuf out = piece();
        int begin = Frames.begin(out, DataRow.TYPE);
        out.writeShort(row.length);
        for (int i = 0; i < row.length; i++) {
            Object value = row[i];
            if (value == null) {
                out.writeInt(MessageBody.NULL_LENGTH);
            } else {
                int length = out.writerIndex();
                out.writeInt(0);
                Values.write(out, value, table.columns().get(i).type(), format(formats, i));
                out.setInt(length, out.writerIndex() - length - Integer.BYTES);
            }
        }
        Frames.end(out, begin);
    }

    private static FormatCode format(List<FormatCode> formats, int column) {
        return switch (formats.size()) {
            case 0 -> FormatCode.TEXT;
            case 1 -> formats.getFirst();
            default -> column < formats.size() ? formats.get(column) : FormatCode.TEXT;
        };
    }
}
