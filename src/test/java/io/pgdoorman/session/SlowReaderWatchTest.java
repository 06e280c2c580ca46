package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.concurrent.TimeUnit;

/** Who takes nothing is told apart from who takes little. */
class SlowReaderWatchTest {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(10);

    private final EmbeddedChannel client = new EmbeddedChannel(new NoFlush());
    private boolean holdsServer = true;
    private long limit = LIMIT;
    private int stalled;
    private final SlowReaderWatch watch =
            new SlowReaderWatch(client, () -> limit, () -> holdsServer, () -> stalled++);

    /** What is written stays in the channel, as with a peer that does not read. */
    private static final class NoFlush extends ChannelOutboundHandlerAdapter {
        @Override
        public void flush(ChannelHandlerContext ctx) {
            // the peer takes nothing
        }
    }

    @BeforeEach
    void freeze() {
        client.freezeTime();
        client.config().setWriteBufferWaterMark(new WriteBufferWaterMark(10, 20));
    }

    @AfterEach
    void release() {
        client.close(); // releases what it did not take
    }

    private void write(int bytes) {
        watch.write(Unpooled.wrappedBuffer(new byte[bytes]));
        watch.onChange();
    }

    private void pass(long nanos) {
        client.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
        client.runScheduledPendingTasks();
    }

    /** The peer takes the oldest {@code writes}. */
    private void take(int writes) {
        var out = client.unsafe().outboundBuffer();
        out.addFlush();
        for (int i = 0; i < writes; i++) {
            out.remove();
        }
        watch.onChange();
    }

    @Test
    void aClientThatTakesNothingStallsAtTheLimit() {
        write(30);

        pass(LIMIT - 1);
        assertThat(stalled).isZero();
        pass(1);
        assertThat(stalled).isEqualTo(1);
    }

    @Test
    void aClientThatTakesALittleDoesNot() {
        for (int i = 0; i < 10; i++) {
            write(30);
        }
        for (int i = 0; i < 8; i++) {
            take(1);
            pass(LIMIT);
        }

        assertThat(client.isWritable()).isFalse();
        assertThat(stalled).isZero();
    }

    @Test
    void aClientThatTookEverythingStartsAnew() {
        write(30);
        pass(LIMIT / 2);
        take(1);
        assertThat(client.isWritable()).isTrue();
        write(30);

        pass(LIMIT / 2);
        assertThat(stalled).isZero();
        pass(LIMIT);
        assertThat(stalled).isEqualTo(1);
    }

    @Test
    void aClientWithoutAServerHoldsUpNobody() {
        holdsServer = false;
        write(30);

        pass(3 * LIMIT);
        assertThat(stalled).isZero();
    }

    @Test
    void withoutALimitNobodyStalls() {
        limit = 0;
        write(30);

        pass(3 * LIMIT);
        assertThat(stalled).isZero();
    }

    @Test
    void aNewLimitCountsFromTheNextLookOn() {
        write(30);
        take(0);
        limit = LIMIT / 10;
        pass(LIMIT - 1);
        assertThat(stalled).isZero();
        pass(1);
        assertThat(stalled).isEqualTo(1);
    }
}
