package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

import java.util.function.Consumer;

/**
 * Mends two things about reads on an io_uring channel.
 *
 * <p>Lets no read begin once the channel is being closed. Netty puts a close off while a write is
 * under way. A read begun in that time, by turning auto-read on, is never cancelled, and the
 * operation keeps the kernel from closing the socket: the peer would wait forever.
 *
 * <p>Reads on when the peer has hung up. Netty learns of that once, and of new input by an
 * edge-triggered poll. If data and hang-up come together while a receive is under way, that receive
 * takes the data, and nothing would ever trigger another one that finds the end or the reset.
 *
 * <p>The first handler of each io_uring channel. Threads: confined to the channel's loop.
 */
final class ReadGuard extends ChannelDuplexHandler {
    private final Consumer<Channel> readOnAfterHangUp;
    private boolean closing;

    /**
     * @param readOnAfterHangUp makes the next read a real one, if the peer has hung up
     */
    ReadGuard(Consumer<Channel> readOnAfterHangUp) {
        this.readOnAfterHangUp = readOnAfterHangUp;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        readOnAfterHangUp.accept(ctx.channel());
        ctx.fireChannelReadComplete();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        closing = true;
        ctx.close(promise);
    }

    @Override
    public void disconnect(ChannelHandlerContext ctx, ChannelPromise promise) {
        closing = true;
        ctx.disconnect(promise);
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        if (!closing) {
            ctx.read();
        }
    }
}
