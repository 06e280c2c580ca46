package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * An immutable run of bytes with value equality: a parameter, a column, a piece of COPY data, a
 * SASL message. {@link #toString} shows the length only, because contents may be secret; comparing
 * takes the same time wherever a difference is. Threads: immutable. Keeps no buffer.
 */
public final class Bytes {
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] bytes;

    private Bytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Copies {@code bytes}. */
    public static Bytes copyOf(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Bytes(bytes.clone());
    }

    /** The UTF-8 form of {@code text}; see {@link WireStrings} for bytes that are not UTF-8. */
    public static Bytes ofText(String text) {
        return text.isEmpty() ? EMPTY : new Bytes(WireStrings.toBytes(text));
    }

    /**
     * Reads exactly {@code length} bytes, which the caller has checked to be readable. Borrows
     * {@code in}.
     */
    public static Bytes read(ByteBuf in, int length) {
        if (length == 0) {
            return EMPTY;
        }
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return new Bytes(bytes);
    }

    public int length() {
        return bytes.length;
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    /** Whether these bytes stand at {@code index}. Borrows {@code in}. */
    public boolean isAt(ByteBuf in, int index) {
        if (in.writerIndex() - index < bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if (in.getByte(index + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /** A copy. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** The bytes as UTF-8; see {@link WireStrings} for bytes that are not UTF-8. */
    public String toText() {
        return WireStrings.toText(bytes);
    }

    /** Writes all bytes and nothing else. Borrows {@code out}. */
    public void encode(ByteBuf out) {
        out.writeBytes(bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes that && MessageDigest.isEqual(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}
