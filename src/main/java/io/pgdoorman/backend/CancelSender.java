package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.frontend.CancelRequest;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * One cancel request on a connection of its own. PostgreSQL signals the backend before it closes
 * this connection, so once it is closed the signal cannot meet a later query.
 *
 * <p>Threads: confined to the loop of the server.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS">Canceling
 *     Requests in Progress</a>
 */
final class CancelSender extends ChannelInboundHandlerAdapter {
    private final CancelKey key;
    private final Duration timeout;
    private final Runnable onDone;
    private boolean done;
    private @Nullable ScheduledFuture<?> deadline;

    /**
     * @param onDone called once, whatever comes of the request
     */
    CancelSender(CancelKey key, Duration timeout, Runnable onDone) {
        this.key = key;
        this.timeout = timeout;
        this.onDone = onDone;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf out = ctx.alloc().buffer(32);
        new CancelRequest(key).encode(out);
        ctx.writeAndFlush(out);
        deadline =
                ctx.executor()
                        .schedule(
                                () -> {
                                    ctx.close();
                                },
                                timeout.toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ReferenceCountUtil.release(msg); // PostgreSQL answers nothing
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        finish();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    void finish() {
        if (!done) {
            done = true;
            if (deadline != null) {
                deadline.cancel(false);
            }
            onDone.run();
        }
    }
}
