package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Bytes of messages as text, one character for each byte, so that tests show what is on the wire.
 */
public final class WireBytes {
    private static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

    private WireBytes() {}

    public static byte[] of(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** What {@code encoder} writes. */
    public static byte[] encoded(Consumer<ByteBuf> encoder) {
        ByteBuf out = ALLOCATOR.buffer();
        try {
            encoder.accept(out);
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes);
            return bytes;
        } finally {
            out.release();
        }
    }

    /** What {@code decoder} makes of {@code bytes}; it must take them all and keep no buffer. */
    public static <T> T decoded(byte[] bytes, Function<ByteBuf, T> decoder) {
        ByteBuf in = ALLOCATOR.buffer();
        try {
            T value = decoder.apply(in.writeBytes(bytes));
            if (in.isReadable() || in.refCnt() != 1) {
                throw new IllegalStateException(
                        value + ": " + in.readableBytes() + " bytes left, refCnt " + in.refCnt());
            }
            return value;
        } finally {
            in.release();
        }
    }
}
