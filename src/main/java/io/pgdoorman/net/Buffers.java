package io.pgdoorman.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * The allocator of every channel. Threads: any. The choice and the figures behind it are in {@code
 * docs/internals/transport.md}.
 */
final class Buffers {
    static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

    private Buffers() {}
}
