package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.ServerChannel;
import io.netty.util.concurrent.Future;

import org.jspecify.annotations.Nullable;

import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;

/**
 * A listening socket, TCP or Unix. Threads: any; the work is done on the acceptor's loop.
 *
 * <p>Out of descriptors, it pauses accepting for a moment and goes on; clients wait in the backlog.
 */
public final class Listener {
    private final ServerChannel channel;
    private final Acceptor acceptor;
    private final SocketAddress address;
    private final @Nullable UnixPath path;

    Listener(
            ServerChannel channel,
            Acceptor acceptor,
            SocketAddress address,
            @Nullable UnixPath path) {
        this.channel = channel;
        this.acceptor = acceptor;
        this.address = address;
        this.path = path;
    }

    /** {@code InetSocketAddress} with the real port, or {@code UnixDomainSocketAddress}. */
    public SocketAddress address() {
        return address;
    }

    /** The listening descriptor, owned by this object. */
    public int fd() {
        return Transport.fd(channel);
    }

    /** Applies to connections accepted from now on. */
    public void update(SocketSettings settings) {
        acceptor.update(settings);
        if (path == null) {
            SocketOptions.applyTcp(channel, settings);
        }
    }

    /**
     * Stops accepting; the socket stays open and clients queue in its backlog. On io_uring a
     * connection the kernel has already accepted may still arrive after the future completes.
     */
    public CompletableFuture<Void> pause() {
        return onLoop(() -> acceptor.pause(channel, true));
    }

    /** Undoes {@link #pause}. */
    public CompletableFuture<Void> resume() {
        return onLoop(() -> acceptor.pause(channel, false));
    }

    /** Closes the socket and removes a Unix socket's path if the file is still this socket's. */
    public CompletableFuture<Void> close() {
        if (path != null && channel.isOpen()) {
            path.removeIfOurs(); // first, so that nobody connects to a closed socket
        }
        return closeAfterHandover();
    }

    /** Closes this process's descriptor only: another process goes on listening on the socket. */
    public CompletableFuture<Void> closeAfterHandover() {
        return toCompletable(channel.close());
    }

    private CompletableFuture<Void> onLoop(Runnable task) {
        return CompletableFuture.runAsync(task, channel.eventLoop());
    }

    private static CompletableFuture<Void> toCompletable(Future<Void> future) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        future.addListener(
                done -> {
                    if (done.isSuccess()) {
                        result.complete(null);
                    } else {
                        result.completeExceptionally(done.cause());
                    }
                });
        return result;
    }

    /** The channel, for tests. */
    Channel channel() {
        return channel;
    }
}
