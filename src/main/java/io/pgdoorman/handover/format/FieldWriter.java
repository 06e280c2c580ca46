package io.pgdoorman.handover.format;

import io.pgdoorman.wire.WireStrings;

import java.util.Arrays;

/**
 * Writes numbered fields. A value that is zero, false or empty is not written: that is what a
 * reader takes a missing field for.
 *
 * <p>Secrets may be among the values: an array that is left behind is overwritten.
 *
 * <p>Threads: confined to its user.
 *
 * @see <a href="https://protobuf.dev/programming-guides/encoding/">Encoding</a>
 */
public final class FieldWriter {
    static final int VARINT = 0;
    static final int FIXED_64 = 1;
    static final int LENGTH_DELIMITED = 2;
    static final int FIXED_32 = 5;

    byte[] bytes = new byte[256];
    private int size;

    /** A number that is seldom negative. */
    public FieldWriter put(int field, long value) {
        if (value != 0) {
            varint(((long) field << 3) | VARINT);
            varint(value);
        }
        return this;
    }

    /** A number that may well be negative: a difference of times. */
    public FieldWriter putSigned(int field, long value) {
        return put(field, (value << 1) ^ (value >> 63));
    }

    public FieldWriter put(int field, boolean value) {
        return put(field, value ? 1 : 0);
    }

    /** Copies {@code value}. */
    public FieldWriter put(int field, byte[] value) {
        return value.length == 0 ? this : putAlways(field, value, value.length);
    }

    /** Text as UTF-8, and bytes that are none as {@link WireStrings} keeps them. */
    public FieldWriter put(int field, String value) {
        return put(field, WireStrings.toBytes(value));
    }

    /**
     * A message within this one; written even if it is empty, because that it is there counts.
     *
     * @param message empty afterwards
     */
    public FieldWriter put(int field, FieldWriter message) {
        putAlways(field, message.bytes, message.size);
        message.clear();
        return this;
    }

    private void clear() {
        Arrays.fill(bytes, 0, size, (byte) 0);
        size = 0;
    }

    private FieldWriter putAlways(int field, byte[] value, int length) {
        varint(((long) field << 3) | LENGTH_DELIMITED);
        varint(length);
        room(length);
        System.arraycopy(value, 0, bytes, size, length);
        size += length;
        return this;
    }

    private void varint(long value) {
        room(10);
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes[size++] = (byte) ((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            byte[] small = bytes;
            bytes = Arrays.copyOf(small, Math.max(small.length * 2, size + more));
            Arrays.fill(small, 0, size, (byte) 0);
        }
    }

    /**
     * The fields of {@code other} behind these.
     *
     * @param other empty afterwards
     */
    public FieldWriter append(FieldWriter other) {
        room(other.size);
        System.arraycopy(other.bytes, 0, bytes, size, other.size);
        size += other.size;
        other.clear();
        return this;
    }

    public int size() {
        return size;
    }

    /** A copy. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    /** All that was written; this is empty afterwards. */
    public byte[] take() {
        byte[] all = toByteArray();
        clear();
        return all;
    }
}
