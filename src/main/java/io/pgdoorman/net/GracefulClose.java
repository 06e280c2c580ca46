package io.pgdoorman.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import io.pgdoorman.tls.TlsRecords;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Closes a channel so that the peer can read the last message. A close() with unread input makes
 * the kernel send RST, and RST makes the peer's kernel throw away what it has not read yet. So:
 * write, flush, shut the output down, discard input until the peer closes or the time is over, then
 * close.
 *
 * <p>Threads: any; the work is done on the channel's loop.
 */
public final class GracefulClose {
    /** How long the peer may take to read the last message and close. */
    public static final Duration DEFAULT_LINGER = Duration.ofSeconds(2);

    private GracefulClose() {}

    /**
     * Begins the close. The handlers hear nothing of what the peer still sends, but do hear {@code
     * channelInactive} at the end. Calling it twice is harmless: the second {@code last} is
     * dropped.
     *
     * @param last written through the whole pipeline before the close; may be empty. Consumed.
     * @param linger the longest time from now to the close; zero means {@link #DEFAULT_LINGER}
     */
    public static void close(Channel channel, ByteBuf last, Duration linger) {
        if (channel.eventLoop().inEventLoop()) {
            begin(channel, last, linger);
        } else {
            channel.eventLoop().execute(() -> begin(channel, last, linger));
        }
    }

    private static void begin(Channel channel, ByteBuf last, Duration linger) {
        if (!channel.isActive() || channel.pipeline().get(Drain.class) != null) {
            last.release();
            if (!channel.isActive()) {
                channel.close();
            }
            return;
        }
        channel.pipeline().addFirst(new Drain());
        Duration limit = linger.isZero() ? DEFAULT_LINGER : linger;
        ScheduledFuture<?> deadline =
                channel.eventLoop()
                        .schedule(() -> channel.close(), limit.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(_ -> deadline.cancel(false));
        ChannelFuture flushed = channel.writeAndFlush(last);
        TlsRecords records = TlsRecords.of(channel);
        if (records != null) {
            flushed = records.endOutput();
        }
        flushed.addListener(
                written -> {
                    if (!written.isSuccess()) {
                        channel.close();
                        return;
                    }
                    if (((DuplexChannel) channel).isInputShutdown()) {
                        channel.close(); // nothing unread that would make it a reset
                        return;
                    }
                    ((DuplexChannel) channel).shutdownOutput();
                    channel.config().setAutoRead(true); // to discard, and to see the end
                });
    }

    /** At the head of the pipeline: nobody behind it reads any more. */
    private static final class Drain extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ReferenceCountUtil.release(msg);
        }

        /** With half-closure allowed, this is how the peer's end is told. */
        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                ctx.close();
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            // nothing was read as far as the others know
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            // would make the relay start reads or writes again
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // a reset: the peer needs no message any more
        }
    }
}
