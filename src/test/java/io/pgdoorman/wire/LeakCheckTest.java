package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.LeakPresenceDetector;

import org.junit.jupiter.api.Test;

/** Shows that the guard of the other tests can fail. */
class LeakCheckTest {
    @Test
    void noticesABufferThatIsNotReleased() {
        ByteBuf leaked = PooledByteBufAllocator.DEFAULT.buffer();

        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(LeakPresenceDetector::check);

        leaked.release(); // counts as one too few now, until a check has said so
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(LeakPresenceDetector::check)
                .withMessageContaining("released after all");
        assertThatCode(LeakPresenceDetector::check).doesNotThrowAnyException();
    }
}
