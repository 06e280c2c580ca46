package io.pgdoorman.net;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.pgdoorman.tls.TlsRecords;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * One move of a channel to another loop. It sits at the head of the pipeline from the start of the
 * move to its end, holds what is read meanwhile and gives it to the handlers on the new loop.
 *
 * <ol>
 *   <li>on the old loop: hold reads, flush, deregister; the kernel keeps what arrives from here on
 *   <li>epoll: register the same channel with the new loop, whose {@code channelRegistered} ends
 *       the move
 *   <li>io_uring: a registration cannot be repeated, so the descriptor passes to a new channel
 *       whose {@code channelActive} ends the move. A receive that was under way when its
 *       cancellation arrived completes before the deregistration does, so its bytes are among those
 *       held.
 * </ol>
 *
 * <p>Threads: confined to the old loop until the deregistration, to the new one afterwards. Owns
 * the buffers it holds.
 */
final class ChannelMove extends ChannelInboundHandlerAdapter {
    private static final String NAME = "move";

    private final Sockets sockets;
    private final Channel from;
    private final EventLoop source;
    private final EventLoop target;
    private final ChannelHandler handler;
    private final Consumer<Channel> onMoved;
    private final Consumer<Throwable> onFailed;
    private final boolean autoRead;
    private final Queue<Object> held = new ArrayDeque<>(2);
    private boolean deregistered;
    private boolean ended;
    private boolean inactive;
    private boolean writabilityChanged;

    ChannelMove(
            Sockets sockets,
            Channel from,
            EventLoop target,
            ChannelHandler handler,
            Consumer<Channel> onMoved,
            Consumer<Throwable> onFailed) {
        this.sockets = sockets;
        this.from = from;
        this.source = from.eventLoop();
        this.target = target;
        this.handler = handler;
        this.onMoved = onMoved;
        this.onFailed = onFailed;
        autoRead = from.config().isAutoRead();
    }

    void start() {
        assert source.inEventLoop();
        if (!from.isActive() || target.isShuttingDown()) {
            onFailed.accept(new ClosedChannelException());
            return;
        }
        from.flush(); // what is written is in records then, if it is encrypted
        from.pipeline().addFirst(NAME, this);
        if (!sockets.canRegisterAgain()) {
            from.config().setAutoRead(false);
        }
        ChannelOutboundBuffer pending = from.unsafe().outboundBuffer();
        if (pending == null || pending.totalPendingWriteBytes() == 0) { // isEmpty() skips unflushed
            deregister();
            return;
        }
        // From the head of the pipeline: no handler sees it, it only marks the end of what is there
        context()
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(
                        flushed -> {
                            if (flushed.isSuccess()) {
                                deregister();
                            } else {
                                fail(flushed.cause());
                            }
                        });
    }

    private void deregister() {
        if (ended) {
            return;
        }
        context()
                .deregister()
                .addListener(
                        done -> {
                            if (!done.isSuccess()) {
                                fail(done.cause());
                            } else if (from.isOpen()) {
                                deregistered = true;
                                register();
                            } else {
                                fail(new ClosedChannelException());
                            }
                        });
    }

    private void register() {
        Channel to = from;
        if (!sockets.canRegisterAgain()) {
            TlsRecords records = TlsRecords.of(from);
            TlsRecords moved = records == null ? null : records.moveOn();
            try {
                from.pipeline().remove(handler);
                from.pipeline().remove(this);
                to = sockets.takeOver(from);
            } catch (IOException | RuntimeException e) {
                fail(e);
                return;
            }
            to.config().setAutoRead(false);
            to.config().setConnectTimeoutMillis(from.config().getConnectTimeoutMillis());
            sockets.prepare(to);
            to.pipeline().addLast(NAME, this);
            if (moved != null) {
                to.pipeline().addLast(moved);
            }
            to.pipeline().addLast(handler);
        }
        Channel next = to;
        target.register(next)
                .addListener(
                        done -> {
                            if (!done.isSuccess()) {
                                next.unsafe().closeForcibly();
                                source.execute(() -> fail(done.cause()));
                            }
                        });
    }

    @Override
    public boolean isSharable() {
        return true; // it goes from the old pipeline to the new one
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        held.add(msg);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // told after the held reads
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        writabilityChanged = true; // told at the end: it makes handlers start and stop reads
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext ctx) {
        if (inactive) {
            ctx.fireChannelUnregistered();
        }
    }

    @Override
    public void channelRegistered(ChannelHandlerContext ctx) {
        if (sockets.canRegisterAgain()) {
            end(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (!sockets.canRegisterAgain()) {
            ctx.channel().config().setAutoRead(autoRead);
            end(ctx);
        }
    }

    /** The peer closed before the channel was deregistered. */
    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        inactive = true;
        fail(new ClosedChannelException());
    }

    private void end(ChannelHandlerContext ctx) {
        assert target.inEventLoop();
        ended = true;
        onMoved.accept(ctx.channel());
        replay(ctx);
        ctx.pipeline().remove(this);
    }

    private void replay(ChannelHandlerContext ctx) {
        if (writabilityChanged) {
            ctx.fireChannelWritabilityChanged();
        }
        if (held.isEmpty()) {
            return;
        }
        for (Object msg = held.poll(); msg != null; msg = held.poll()) {
            ctx.fireChannelRead(msg);
        }
        ctx.fireChannelReadComplete();
    }

    /** Ends the move where it began: the handlers hear what was held, then that it is over. */
    private void fail(Throwable cause) {
        if (ended) {
            return;
        }
        ended = true;
        onFailed.accept(cause);
        ChannelHandlerContext ctx = deregistered ? null : from.pipeline().context(this);
        if (ctx == null) {
            release();
            return;
        }
        replay(ctx);
        if (inactive) {
            ctx.fireChannelInactive();
        } else {
            from.close();
        }
        from.pipeline().remove(this);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (ended) {
            release();
        }
    }

    private void release() {
        for (Object msg = held.poll(); msg != null; msg = held.poll()) {
            ReferenceCountUtil.release(msg);
        }
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext ctx = from.pipeline().context(this);
        if (ctx == null) {
            throw new IllegalStateException("a second move began before the first ended");
        }
        return ctx;
    }
}
