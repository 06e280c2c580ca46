package io.pgdoorman.net;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Starts listeners for {@link Transport}. Threads: immutable; blocks on file operations only. */
final class Listening {
    private final Sockets sockets;

    Listening(Sockets sockets) {
        this.sockets = sockets;
    }

    CompletableFuture<Listener> tcp(
            EventLoop loop,
            InetSocketAddress address,
            int backlog,
            SocketSettings settings,
            Acceptor acceptor) {
        if (address.getAddress() instanceof Inet4Address) {
            return ipv4(loop, address, backlog, settings, acceptor);
        }
        ServerChannel channel;
        try {
            channel = sockets.newTcpServer();
        } catch (RuntimeException e) {
            return failed("cannot listen on " + text(address), e);
        }
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setOption(ChannelOption.SO_BACKLOG, backlog);
        SocketOptions.applyTcp(channel, settings);
        acceptor.prepare(channel);
        channel.pipeline().addLast(acceptor);
        CompletableFuture<Listener> result = new CompletableFuture<>();
        ChannelFuture registered = loop.register(channel);
        registered.addListener(
                r -> {
                    if (!r.isSuccess()) {
                        fail(result, channel, "cannot listen on " + text(address), r.cause());
                        return;
                    }
                    channel.bind(address)
                            .addListener(
                                    b -> onBound(result, channel, acceptor, address, b.cause()));
                });
        return result;
    }

    private CompletableFuture<Listener> ipv4(
            EventLoop loop,
            InetSocketAddress address,
            int backlog,
            SocketSettings settings,
            Acceptor acceptor) {
        Socket socket = null;
        try {
            socket = Ipv4Socket.open();
            socket.setReuseAddress(true);
            socket.bind(address);
            socket.listen(backlog);
            InetSocketAddress bound = socket.localAddress();
            ServerChannel channel = sockets.adoptServer(socket.intValue(), false);
            socket = null; // the channel's
            SocketOptions.applyTcp(channel, settings);
            return register(loop, channel, acceptor, bound, null);
        } catch (IOException | RuntimeException e) {
            close(socket);
            return failed("cannot listen on " + text(address), e);
        }
    }

    private static void onBound(
            CompletableFuture<Listener> result,
            ServerChannel channel,
            Acceptor acceptor,
            InetSocketAddress address,
            @Nullable Throwable cause) {
        if (cause != null) {
            fail(result, channel, "cannot listen on " + text(address), cause);
            return;
        }
        result.complete(new Listener(channel, acceptor, channel.localAddress(), null));
    }

    CompletableFuture<Listener> unix(
            EventLoop loop, Path path, int mode, int backlog, Acceptor acceptor) {
        UnixPath bound = null;
        Socket socket = null;
        try {
            socket = Socket.newSocketDomain();
            bound = UnixPath.bind(socket, path, mode);
            socket.listen(backlog);
            ServerChannel channel = sockets.adoptServer(socket.intValue(), true);
            return register(loop, channel, acceptor, UnixDomainSocketAddress.of(path), bound);
        } catch (IOException | RuntimeException e) {
            if (bound != null) {
                bound.removeIfOurs();
            }
            close(socket);
            return failed("cannot listen on " + path, e);
        }
    }

    CompletableFuture<Listener> adopt(
            EventLoop loop, int fd, SocketSettings settings, Acceptor acceptor, boolean unix) {
        try {
            Socket socket = new Socket(fd);
            SocketAddress address;
            UnixPath path = null;
            if (unix) {
                DomainSocketAddress local = socket.localDomainSocketAddress();
                Path file = Path.of(local.path());
                address = UnixDomainSocketAddress.of(file);
                path = UnixPath.ofBound(file);
            } else {
                address = socket.localAddress();
            }
            ServerChannel channel = sockets.adoptServer(fd, unix);
            if (!unix) {
                SocketOptions.applyTcp(channel, settings);
            }
            return register(loop, channel, acceptor, address, path);
        } catch (IOException | RuntimeException e) {
            close(new Socket(fd));
            return failed("cannot go on listening on descriptor " + fd, e);
        }
    }

    private static CompletableFuture<Listener> register(
            EventLoop loop,
            ServerChannel channel,
            Acceptor acceptor,
            SocketAddress address,
            @Nullable UnixPath path) {
        CompletableFuture<Listener> result = new CompletableFuture<>();
        acceptor.prepare(channel);
        channel.pipeline().addLast(acceptor);
        loop.register(channel)
                .addListener(
                        r -> {
                            if (r.isSuccess()) {
                                result.complete(new Listener(channel, acceptor, address, path));
                            } else {
                                if (path != null) {
                                    path.removeIfOurs();
                                }
                                fail(result, channel, "cannot listen on " + address, r.cause());
                            }
                        });
        return result;
    }

    private static void close(@Nullable Socket socket) {
        if (socket == null) {
            return;
        }
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e); // a descriptor that is not ours
        }
    }

    private static void fail(
            CompletableFuture<Listener> result, ServerChannel channel, String what, Throwable e) {
        channel.unsafe().closeForcibly();
        result.completeExceptionally(new IOException(what + ": " + e.getMessage(), e));
    }

    private static CompletableFuture<Listener> failed(String what, Exception e) {
        return CompletableFuture.failedFuture(new IOException(what + ": " + e.getMessage(), e));
    }

    private static String text(InetSocketAddress address) {
        String host =
                address.getAddress() == null
                        ? address.getHostString()
                        : address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }
}
