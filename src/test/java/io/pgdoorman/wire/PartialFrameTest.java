package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class PartialFrameTest {
    private static final PooledByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

    private final ByteBuf in = ALLOC.buffer().writeBytes(WireBytes.of("abcdefgh"));
    private final PartialFrame partial = new PartialFrame();

    @AfterEach
    void release() {
        partial.release();
        in.release();
    }

    @Test
    void holdsNothingAtFirst() {
        assertThat(partial.isEmpty()).isTrue();
        assertThat(partial.toBytes()).isEmpty();
        assertThatIllegalStateException().isThrownBy(partial::bytes);
        assertThatIllegalStateException().isThrownBy(partial::take);
        partial.release(); // harmless
    }

    @Test
    void keepsACopyAndBorrowsItsSource() {
        partial.keep(in, 2, 3, ALLOC);

        in.setByte(2, 'X');

        assertThat(partial.toBytes()).isEqualTo(WireBytes.of("cde"));
        assertThat(in.readerIndex()).isZero();
        assertThat(in.refCnt()).isEqualTo(1);
        assertThatIllegalStateException().isThrownBy(() -> partial.keep(in, 0, 1, ALLOC));
    }

    @Test
    void appendsWithoutTakingFromTheSource() {
        partial.keep(in, 0, 2, ALLOC);

        partial.append(in, 2, 3);

        assertThat(partial.toBytes()).isEqualTo(WireBytes.of("abcde"));
        assertThat(in.readerIndex()).isZero();
    }

    @Test
    void givesItsBufferAway() {
        partial.keep(in, 0, 4, ALLOC);

        ByteBuf taken = partial.take();

        assertThat(partial.isEmpty()).isTrue();
        assertThat(taken.readableBytes()).isEqualTo(4);
        taken.release();
    }

    @Test
    void isRestoredFromItsBytes() {
        partial.keep(in, 0, 4, ALLOC);
        byte[] frozen = partial.toBytes();
        partial.release();

        partial.restore(frozen, ALLOC);

        assertThat(partial.toBytes()).isEqualTo(WireBytes.of("abcd"));
        assertThat(partial.bytes().readableBytes()).isEqualTo(4);
    }

    @Test
    void isEmptyAfterBeingRestoredFromNothing() {
        partial.restore(new byte[0], ALLOC);

        assertThat(partial.isEmpty()).isTrue();
    }
}
