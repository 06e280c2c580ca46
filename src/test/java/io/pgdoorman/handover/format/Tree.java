package io.pgdoorman.handover.format;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A message taken apart into its fields, so that a test can put it together otherwise. Shares no
 * code with the program.
 */
public final class Tree {
    private static final int LENGTH_DELIMITED = 2;

    /** Of no version so far. */
    private static final int UNKNOWN = 1_000;

    /** A value of each wire type, of lengths whose own length has one byte and two. */
    private static final List<Field> UNKNOWN_FIELDS =
            List.of(
                    unknown(0, "07"),
                    unknown(0, "ffffffffffffffffff01"),
                    unknown(1, "0102030405060708"),
                    unknown(2, ""),
                    unknown(2, "0a0b0c"),
                    unknown(2, "08".repeat(127)),
                    unknown(2, "08".repeat(128)),
                    unknown(2, "12".repeat(20_000)),
                    unknown(5, "01020304"));

    /**
     * @param value as it stands behind the tag, without its length
     * @param inner the value, if it is a message
     */
    private record Field(long tag, byte[] value, @Nullable Tree inner) {}

    private final Shape shape;
    private final List<Field> fields = new ArrayList<>();

    private Tree(Shape shape) {
        this.shape = shape;
    }

    /** Takes a message apart that is well formed. */
    public static Tree parse(byte[] message, Shape shape) {
        var tree = new Tree(shape);
        ByteBuffer in = ByteBuffer.wrap(message);
        while (in.hasRemaining()) {
            long tag = varint(in);
            byte[] value =
                    switch ((int) (tag & 7)) {
                        case 0 -> varint(varint(in));
                        case 1 -> take(in, 8);
                        case LENGTH_DELIMITED -> take(in, (int) varint(in));
                        case 5 -> take(in, 4);
                        default -> throw new IllegalArgumentException("tag " + tag);
                    };
            Shape inner = shape.inner().get((int) (tag >>> 3));
            tree.fields.add(new Field(tag, value, inner == null ? null : parse(value, inner)));
        }
        return tree;
    }

    public byte[] toByteArray() {
        var out = new ByteArrayOutputStream();
        for (Field field : fields) {
            byte[] value = field.inner == null ? field.value : field.inner.toByteArray();
            out.writeBytes(varint(field.tag));
            if ((field.tag & 7) == LENGTH_DELIMITED) {
                out.writeBytes(varint(value.length));
            }
            out.writeBytes(value);
        }
        return out.toByteArray();
    }

    /**
     * This message as a later version may write it: with one field more, of each wire type, at each
     * place of each message in it.
     */
    public List<byte[]> withUnknownFields() {
        List<byte[]> messages = new ArrayList<>();
        for (Tree part : parts()) {
            for (Field unknown : UNKNOWN_FIELDS) {
                for (int at = 0; at <= part.fields.size(); at++) {
                    part.fields.add(at, unknown);
                    messages.add(toByteArray());
                    part.fields.remove(at);
                }
            }
        }
        return messages;
    }

    /** How often the message has this field, those in other messages apart. */
    long count(int number) {
        return fields.stream().filter(field -> field.tag >>> 3 == number).count();
    }

    /** The field numbers in use, by the name of the message. */
    public Map<String, SortedSet<Integer>> numbers() {
        Map<String, SortedSet<Integer>> numbers = new TreeMap<>();
        for (Tree part : parts()) {
            SortedSet<Integer> used =
                    numbers.computeIfAbsent(part.shape.name(), _ -> new TreeSet<>());
            part.fields.forEach(field -> used.add((int) (field.tag >>> 3)));
        }
        return numbers;
    }

    /** This message and those in it. */
    private List<Tree> parts() {
        List<Tree> parts = new ArrayList<>();
        parts.add(this);
        for (Field field : fields) {
            if (field.inner != null) {
                parts.addAll(field.inner.parts());
            }
        }
        return parts;
    }

    private static Field unknown(int wireType, String hex) {
        return new Field((long) UNKNOWN << 3 | wireType, HexFormat.of().parseHex(hex), null);
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        int shift = 0;
        byte next;
        do {
            next = in.get();
            value |= (long) (next & 0x7F) << shift;
            shift += 7;
        } while (next < 0);
        return value;
    }

    private static byte[] varint(long value) {
        var out = new ByteArrayOutputStream();
        long rest = value;
        while (Long.compareUnsigned(rest, 0x7F) > 0) {
            out.write((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
        return out.toByteArray();
    }
}
