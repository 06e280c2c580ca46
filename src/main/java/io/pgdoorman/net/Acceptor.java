package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.util.ReferenceCountUtil;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Takes accepted connections to their loops. Threads: confined to the acceptor's loop, but for
 * {@link #settings}.
 */
final class Acceptor extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

    /** Out of descriptors or memory, an accept fails at once and would fail again at once. */
    static final long BACK_OFF_MILLIS = 50;

    private static final long LOG_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);

    /**
     * Errors that concern the one connection taken off the queue; the next accept may succeed. See
     * accept(2): ECONNABORTED, EPROTO, EINTR, EPERM (firewall) and pending network errors.
     */
    private static final Set<Integer> OF_ONE_CONNECTION =
            Set.of(-103, -71, -4, -1, -100, -92, -112, -64, -113, -95, -101);

    private final Sockets sockets;
    private final LoopChoice choice;
    private final boolean unix;
    private final ChannelInitializer<Channel> initializer;

    /** Written by any thread (reload), read by the acceptor's loop. */
    private volatile SocketSettings settings;

    private boolean paused; // by the owner; before the registration set by any thread
    private boolean backingOff;
    private boolean logged;
    private long loggedNanos;
    private long unlogged;

    Acceptor(
            Sockets sockets,
            SocketSettings settings,
            boolean unix,
            LoopChoice choice,
            Consumer<Channel> onAccept,
            boolean paused) {
        this.paused = paused;
        this.sockets = sockets;
        this.settings = settings;
        this.unix = unix;
        this.choice = choice;
        initializer =
                new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        onAccept.accept(channel);
                    }
                };
    }

    void update(SocketSettings next) {
        settings = next;
    }

    /** Holds back a channel that is to begin paused; before its registration. */
    void prepare(Channel listening) {
        if (paused) {
            listening.config().setAutoRead(false);
        }
    }

    void pause(Channel listening, boolean pause) {
        assert listening.eventLoop().inEventLoop();
        paused = pause;
        listening.config().setAutoRead(!paused && !backingOff);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (!(msg instanceof Channel client)) {
            ReferenceCountUtil.release(msg);
            throw new IllegalStateException("accepted " + msg.getClass().getName());
        }
        try {
            sockets.prepare(client);
            if (unix) {
                SocketOptions.applyUnix(client, settings);
            } else {
                SocketOptions.applyAcceptedTcp(client, settings);
            }
            client.pipeline().addLast(initializer);
            EventLoop loop = choice.choose();
            loop.register(client)
                    .addListener(
                            done -> {
                                if (done.isSuccess()) {
                                    client.closeFuture().addListener(_ -> choice.leave(loop));
                                } else {
                                    choice.leave(loop);
                                    refuse(client, done.cause());
                                }
                            });
        } catch (RuntimeException | LinkageError e) {
            refuse(client, e);
        }
    }

    /** The loop is shutting down: the client sees a close. */
    private static void refuse(Channel client, Throwable cause) {
        client.unsafe().closeForcibly();
        LOG.atWarn().addKeyValue("reason", cause.toString()).log("accepted connection dropped");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof NativeIoException e && OF_ONE_CONNECTION.contains(e.expectedErr())) {
            LOG.atDebug()
                    .addKeyValue("reason", cause.getMessage())
                    .log("connection lost in accept");
            return;
        }
        if (!(ctx.channel() instanceof ServerChannel) || !ctx.channel().isOpen()) {
            return;
        }
        logFailure(cause);
        if (backingOff) {
            return;
        }
        backingOff = true;
        ctx.channel().config().setAutoRead(false);
        ctx.executor()
                .schedule(
                        () -> {
                            backingOff = false;
                            ctx.channel().config().setAutoRead(!paused);
                        },
                        BACK_OFF_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    private void logFailure(Throwable cause) {
        long now = System.nanoTime();
        if (logged && now - loggedNanos < LOG_INTERVAL_NANOS) {
            unlogged++;
            return;
        }
        LOG.atError()
                .addKeyValue("reason", cause.getMessage())
                .addKeyValue("unlogged", unlogged)
                .log(
                        "cannot accept connections; clients wait (is the limit of open files too"
                                + " low?)");
        logged = true;
        loggedNanos = now;
        unlogged = 0;
    }
}
