package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

import org.jspecify.annotations.Nullable;

/**
 * The beginning of a message whose rest has not come yet: part of a header, or of a message that is
 * only looked at as a whole. Holds a buffer of its own, and only while there is something to hold.
 *
 * <p>Threads: confined to the loop of its connection. Buffers: owns its buffer until {@link #take}.
 */
final class PartialFrame {
    private @Nullable ByteBuf held;

    boolean isEmpty() {
        return held == null;
    }

    /** What is held; not empty. Stays owned by this object. */
    ByteBuf bytes() {
        if (held == null) {
            throw new IllegalStateException("nothing held");
        }
        return held;
    }

    /**
     * Copies {@code length} bytes at {@code index}; nothing may be held yet. Borrows {@code in}.
     */
    void keep(ByteBuf in, int index, int length, ByteBufAllocator alloc) {
        if (held != null) {
            throw new IllegalStateException("a partial frame is held already");
        }
        ByteBuf copy = alloc.buffer(Math.max(length, 64));
        copy.writeBytes(in, index, length);
        held = copy;
    }

    /** Copies {@code length} more bytes at {@code index}. Borrows {@code in}. */
    void append(ByteBuf in, int index, int length) {
        bytes().writeBytes(in, index, length);
    }

    /** Gives what is held to the caller, who releases it. */
    ByteBuf take() {
        ByteBuf bytes = bytes();
        held = null;
        return bytes;
    }

    void release() {
        if (held != null) {
            held.release();
            held = null;
        }
    }

    /** Holds {@code copy} again, if there is anything in it. */
    void restore(byte[] copy, ByteBufAllocator alloc) {
        if (copy.length > 0) {
            held = alloc.buffer(Math.max(copy.length, 64)).writeBytes(copy);
        }
    }

    /** What is held, copied; empty if nothing is. */
    byte[] toBytes() {
        if (held == null) {
            return new byte[0];
        }
        byte[] copy = new byte[held.readableBytes()];
        held.getBytes(held.readerIndex(), copy);
        return copy;
    }
}
