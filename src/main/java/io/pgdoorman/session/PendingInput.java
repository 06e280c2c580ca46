package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

import org.jspecify.annotations.Nullable;

/**
 * What a client sent while it waits for a server. It counts in the budget of the process.
 *
 * <p>Threads: confined to the client's loop. Buffers: owned until taken.
 */
final class PendingInput {
    /** While a client waits, no more than this is read ahead. */
    private static final int MAX_BYTES = 64 * 1024;

    private final MemoryBudget memory;
    private final ByteBufAllocator alloc;
    private @Nullable ByteBuf held;

    PendingInput(MemoryBudget memory, ByteBufAllocator alloc) {
        this.memory = memory;
        this.alloc = alloc;
    }

    /**
     * Keeps the bytes from {@code index} on, without a copy if it is one read, as nearly always.
     * Consumes {@code in}.
     *
     * @return whether the process has memory for it; it is held all the same
     */
    boolean add(ByteBuf in, int index) {
        int length = in.writerIndex() - index;
        ByteBuf before = held;
        if (length == 0) {
            in.release();
            return true;
        }
        if (before == null) {
            held = in.readerIndex(index);
        } else {
            held = alloc.buffer(before.readableBytes() + length);
            held.writeBytes(before).writeBytes(in, index, length);
            before.release();
            in.release();
        }
        return memory.add(length);
    }

    /** No more should be read for the moment. */
    boolean isFull() {
        return held != null && held.readableBytes() >= MAX_BYTES;
    }

    /** Hands all of it over; empty if there is nothing. The caller's to release. */
    ByteBuf take() {
        ByteBuf taken = held;
        if (taken == null) {
            return Unpooled.EMPTY_BUFFER;
        }
        held = null;
        memory.subtract(taken.readableBytes());
        return taken;
    }

    void release() {
        take().release();
    }

    /** Takes it as an array of its own. */
    byte[] freeze() {
        ByteBuf taken = take();
        byte[] bytes = ByteBufUtil.getBytes(taken);
        taken.release();
        return bytes;
    }

    void restore(byte[] bytes) {
        if (bytes.length > 0) {
            held = alloc.buffer(Math.max(bytes.length, 256)).writeBytes(bytes);
            memory.add(bytes.length);
        }
    }
}
