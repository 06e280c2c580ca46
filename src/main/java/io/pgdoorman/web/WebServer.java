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
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

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
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    /** For requests on their way when this process goes. */
    private static final Duration ANSWER_LIMIT = Duration.ofMillis(300);

    private final Endpoints endpoints;
    private final EventLoopGroup group;
    private final EventLoop loop;
    private final ChannelGroup connections;
    private final Listener listener;

    private WebServer(
            Transport transport,
            Function<WebServer, CompletableFuture<Listener>> opening,
            Endpoints endpoints,
            String threads)
            throws IOException {
        this.endpoints = endpoints;
        this.group = transport.newLoops(1, threads);
        this.loop = (EventLoop) group.iterator().next();
        this.connections = new DefaultChannelGroup(loop);
        try {
            listener = opening.apply(this).join();
        } catch (CompletionException e) {
            Transport.endLoops(group, CLOSE_LIMIT);
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
        }
    }

    /**
     * Listens on an address.
     *
     * @param threads the name of the loop's thread begins with it
     * @throws IOException the address cannot be listened on; the message names it
     */
    public static WebServer listen(
            Transport transport, InetSocketAddress address, Endpoints endpoints, String threads)
            throws IOException {
        return new WebServer(
                transport,
                server ->
                        transport.listenTcp(
                                server.loop,
                                address,
                                BACKLOG,
                                SocketSettings.DEFAULT,
                                new LoopChoice(List.of(server.loop)),
                                server::accept,
                                false),
                endpoints,
                threads);
    }

    /**
     * Goes on with the socket of another process.
     *
     * @param fd listens; owned from now on
     */
    public static WebServer adopt(Transport transport, int fd, Endpoints endpoints, String threads)
            throws IOException {
        return new WebServer(
                transport,
                server ->
                        transport.adoptListener(
                                server.loop,
                                fd,
                                SocketSettings.DEFAULT,
                                new LoopChoice(List.of(server.loop)),
                                server::accept,
                                false),
                endpoints,
                threads);
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

    /** The listening descriptor, owned by this object. */
    public int fd() {
        return listener.fd();
    }

    /** Where something may be done from time to time, briefly. */
    public EventLoop loop() {
        return loop;
    }

    /**
     * Accepts nobody before {@link #resume}; who connects waits. Requests that have come or are on
     * their way are answered, then the connections are closed. Not on the loop.
     */
    public void pause() {
        await(listener.pause(), CLOSE_LIMIT);
        endConnections();
    }

    /** Undoes {@link #pause}. */
    public void resume() {
        await(listener.resume(), CLOSE_LIMIT);
    }

    /** Frees the address before it returns, and ends all connections. Not on the loop. */
    @Override
    public void close() {
        await(listener.close(), CLOSE_LIMIT);
        endConnections();
        Transport.endLoops(group, CLOSE_LIMIT);
    }

    private void endConnections() {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (Channel channel : connections) {
            var end = new CompletableFuture<Void>();
            channel.closeFuture().addListener(_ -> end.complete(null));
            loop.execute(() -> drain(channel));
            ends.add(end);
        }
        await(CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)), ANSWER_LIMIT);
        connections.close();
    }

    private static void drain(Channel channel) {
        RequestHandler handler = channel.pipeline().get(RequestHandler.class);
        if (handler != null) {
            handler.drain(channel);
        }
    }

    private static void await(CompletableFuture<Void> future, Duration limit) {
        try {
            future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // The process ends, or this happens a little later.
        }
    }
}
