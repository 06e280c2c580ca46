package io.pgdoorman.net;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import java.util.concurrent.atomic.AtomicInteger;

/** Writes back what it reads. Counts the events a move must hide. */
@Sharable
final class Echo extends ChannelInboundHandlerAdapter {
    final AtomicInteger actives = new AtomicInteger();
    final AtomicInteger inactives = new AtomicInteger();
    volatile ChannelHandlerContext context;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        actives.incrementAndGet();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        inactives.incrementAndGet();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (!ctx.channel().eventLoop().inEventLoop()) {
            throw new IllegalStateException("read on a wrong thread");
        }
        ctx.write(msg, ctx.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
