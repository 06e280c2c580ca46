package io.pgdoorman.net;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Lets no read begin on an io_uring channel once it is being closed. Netty puts a close off while a
 * write is under way. A read begun in that time, by turning auto-read on, is never cancelled, and
 * the operation keeps the kernel from closing the socket: the peer would wait forever.
 *
 * <p>The first handler of each io_uring channel. Threads: confined to the channel's loop.
 */
final class ReadGuard extends ChannelOutboundHandlerAdapter {
    private boolean closing;

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
