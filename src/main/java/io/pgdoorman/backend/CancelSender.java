package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.frontend.CancelRequest;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
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
    private static final Logger LOG = LoggerFactory.getLogger(CancelSender.class);

    private final ServerTarget target;
    private final boolean encrypted;
    private final CancelKey key;
    private final Duration timeout;
    private final Runnable onDone;
    private boolean done;
    private @Nullable ScheduledFuture<?> deadline;
    private @Nullable TlsRequest tls;

    /**
     * @param encrypted as the server's own connection is: the request has its key
     * @param onDone called once, whatever comes of the request
     */
    CancelSender(
            ServerTarget target,
            boolean encrypted,
            CancelKey key,
            Duration timeout,
            Runnable onDone) {
        this.target = target;
        this.encrypted = encrypted;
        this.key = key;
        this.timeout = timeout;
        this.onDone = onDone;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (encrypted && target.tls().context().isPresent()) {
            tls =
                    new TlsRequest(
                            target,
                            target.tls().context().get(),
                            new TlsRequest.Listener() {
                                @Override
                                public void onSecure(
                                        Optional<X509Certificate> certificate,
                                        long handshakeNanos) {
                                    send(ctx);
                                }

                                @Override
                                public void onRefused() {
                                    onFailed("it has no TLS any more");
                                }

                                @Override
                                public void onFailed(String reason) {
                                    LOG.warn(
                                            "[{}] cancel request could not be sent to the server"
                                                    + " at {}: {}",
                                            target.pool(),
                                            target.endpoint(),
                                            reason);
                                    ctx.close();
                                }
                            });
            tls.begin(ctx);
        } else {
            send(ctx);
        }
        deadline =
                ctx.executor()
                        .schedule(
                                () -> {
                                    ctx.close();
                                },
                                timeout.toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    private void send(ChannelHandlerContext ctx) {
        ByteBuf out = ctx.alloc().buffer(32);
        new CancelRequest(key).encode(out);
        ctx.writeAndFlush(out);
    }

    /** PostgreSQL answers nothing, but to the wish for TLS. */
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        try {
            if (tls != null && !tls.isAnswered()) {
                tls.read(ctx, in);
            }
        } finally {
            in.release();
        }
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
