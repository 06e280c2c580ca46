package io.pgdoorman.web;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.pgdoorman.net.Listener;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Serves {@link Endpoints} by HTTP on an event loop of its own, so that no client waits for a
 * scrape. The pipeline of a connection: codec, whole requests, {@link RequestHandler}.
 *
 * <p>Threads: any.
 */
public final class WebServer implements AutoCloseable {
    private static final int BACKLOG = 1024;
    private static final int MAX_CONNECTIONS = 100;
    private static final int MAX_LINE_BYTES = 4096;
    private static final int MAX_HEADER_BYTES = 8192;

    /** Nothing here takes a body; what a client sends all the same is skipped up to this. */
    private static final int MAX_BODY_BYTES = 8192;

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long CLOSE_SECONDS = 1;

    private final Endpoints endpoints;
    private final EventLoopGroup group;
    private final EventLoop loop;
    private final ChannelGroup connections;
    private final Listener listener;

    /**
     * Listens.
     *
     * @param threads the name of the loop's thread begins with it
     * @throws IOException the address cannot be listened on; the message names it
     */
    public WebServer(
            Transport transport, InetSocketAddress address, Endpoints endpoints, String threads)
            throws IOException {
        this.endpoints = endpoints;
        this.group = transport.newLoops(1, threads);
        this.loop = (EventLoop) group.iterator().next();
        this.connections = new DefaultChannelGroup(loop);
        try {
            listener =
                    transport
                            .listenTcp(
                                    loop,
                                    address,
                                    BACKLOG,
                                    SocketSettings.DEFAULT,
                                    () -> loop,
                                    this::accept,
                                    false)
                            .join();
        } catch (CompletionException e) {
            stopLoop();
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
        }
    }

    private void accept(Channel channel) {
        if (connections.size() >= MAX_CONNECTIONS) {
            channel.close();
            return;
        }
        connections.add(channel);
        channel.pipeline()
                .addLast(
                        new HttpServerCodec(
                                new HttpDecoderConfig()
                                        .setMaxInitialLineLength(MAX_LINE_BYTES)
                                        .setMaxHeaderSize(MAX_HEADER_BYTES)),
                        new HttpObjectAggregator(MAX_BODY_BYTES, true),
                        new RequestHandler(endpoints, LIMIT));
    }

    /** With the port that was taken. */
    public SocketAddress address() {
        return listener.address();
    }

    /** Where something may be done from time to time, briefly. */
    public EventLoop loop() {
        return loop;
    }

    /** Frees the address before it returns, and closes all connections. Not on the loop. */
    @Override
    public void close() {
        try {
            listener.close().get(CLOSE_SECONDS, TimeUnit.SECONDS);
            connections.close().await(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // The process ends, or the listener's descriptor is closed a little later.
        }
        stopLoop();
    }

    private void stopLoop() {
        group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
