package io.pgdoorman.handover.format;

import io.pgdoorman.wire.WireStrings;

import java.util.Arrays;

/**
 * Reads numbered fields, in the order in which they were written. A field that is not asked for is
 * skipped. Nothing is taken on trust: a length beyond the end is a {@link FormatException}.
 *
 * <pre>
 *   for (int field = in.next(); field != 0; field = in.next()) {
 *       switch (field) { case 1 -> name = in.text(); ... default -> {} }
 *   }
 * </pre>
 *
 * <p>Threads: confined to its user. Shares the array it reads.
 */
public final class FieldReader {
    private final byte[] bytes;
    private final int end;
    private int at;
    private int wireType = -1; // of the field whose value has not been read; -1 if there is none

    public FieldReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private FieldReader(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    /** The number of the next field, 0 at the end. */
    public int next() throws FormatException {
        skip();
        if (at == end) {
            return 0;
        }
        long tag = varint();
        long field = tag >>> 3;
        if (field == 0 || field > Integer.MAX_VALUE >> 3) {
            throw new FormatException("field number " + field);
        }
        wireType = (int) (tag & 7);
        return (int) field;
    }

    private void skip() throws FormatException {
        int type = wireType;
        wireType = -1;
        switch (type) {
            case -1 -> {}
            case FieldWriter.VARINT -> varint();
            case FieldWriter.LENGTH_DELIMITED -> advance(length());
            case FieldWriter.FIXED_64 -> advance(8);
            case FieldWriter.FIXED_32 -> advance(4);
            default -> throw new FormatException("wire type " + type);
        }
    }

    private void advance(int count) throws FormatException {
        if (end - at < count) {
            throw cut();
        }
        at += count;
    }

    public long number() throws FormatException {
        expect(FieldWriter.VARINT);
        return varint();
    }

    /** See {@link FieldWriter#putSigned}. */
    public long signed() throws FormatException {
        long value = number();
        return (value >>> 1) ^ -(value & 1);
    }

    public int integer() throws FormatException {
        long value = number();
        if ((int) value != value) {
            throw new FormatException(value + " where a 32-bit number belongs");
        }
        return (int) value;
    }

    public boolean bool() throws FormatException {
        return number() != 0;
    }

    /** A copy. */
    public byte[] bytes() throws FormatException {
        expect(FieldWriter.LENGTH_DELIMITED);
        int length = length();
        byte[] value = Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        return value;
    }

    public String text() throws FormatException {
        expect(FieldWriter.LENGTH_DELIMITED);
        int length = length();
        String value = WireStrings.toText(Arrays.copyOfRange(bytes, at, at + length));
        at += length;
        return value;
    }

    /** A message within this one. */
    public FieldReader message() throws FormatException {
        expect(FieldWriter.LENGTH_DELIMITED);
        int length = length();
        var message = new FieldReader(bytes, at, at + length);
        at += length;
        return message;
    }

    private void expect(int type) throws FormatException {
        if (wireType != type) {
            throw new FormatException("wire type " + wireType + " where " + type + " belongs");
        }
        wireType = -1;
    }

    private int length() throws FormatException {
        long length = varint();
        if (length < 0 || length > end - at) {
            throw cut();
        }
        return (int) length;
    }

    private long varint() throws FormatException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                throw cut();
            }
            byte next = bytes[at++];
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new FormatException("number of more than ten bytes");
    }

    private static FormatException cut() {
        return new FormatException("a field reaches beyond the end of its message");
    }
}
