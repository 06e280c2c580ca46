package io.pgdoorman.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.pgdoorman.tls.TlsException;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Makes event loops, listeners and connections on the chosen transport. Nothing above this package
 * knows whether it is epoll or io_uring. Threads: any; callbacks name their loop.
 */
public final class Transport {
    private static final int MAX_CONNECT_TIMEOUT_MILLIS = Integer.MAX_VALUE;

    private final Sockets sockets;
    private final Listening listening;

    private Transport(Sockets sockets) {
        this.sockets = sockets;
        listening = new Listening(sockets);
        SocketOptions.prepare();
    }

    /**
     * Chooses the transport this process can use.
     *
     * @param warn gets one sentence, when io_uring is asked for by name and cannot be used: the
     *     reason and what to do
     */
    public static Transport select(TransportChoice choice, Consumer<String> warn) {
        if (choice != TransportChoice.EPOLL) {
            String reason = IoUringSupport.whyNot();
            if (reason == null) {
                try {
                    return new Transport(new IoUringSockets());
                } catch (ReflectiveOperationException | RuntimeException e) {
                    reason = "this build does not fit its Netty library (" + e.getMessage() + ")";
                }
            }
            if (choice == TransportChoice.IO_URING) {
                warn.accept(
                        "transport io_uring cannot be used: %s; epoll is used instead"
                                .formatted(reason));
            }
        }
        Epoll.ensureAvailability();
        return new Transport(new EpollSockets());
    }

    /** The watch on the peers of all its TCP connections, which is to be started. */
    public DeadPeers peers() {
        return sockets.peers();
    }

    /** What is really in use: {@code EPOLL} or {@code IO_URING}. */
    public TransportChoice kind() {
        return sockets.kind();
    }

    /**
     * Starts loops with threads named {@code <prefix>-1}, {@code <prefix>-2}, ... A group may have
     * one thread; the client loops are {@code pooler-loop-N}.
     */
    public EventLoopGroup newLoops(int threads, String threadNamePrefix) {
        AtomicInteger number = new AtomicInteger();
        ThreadFactory threadFactory =
                task ->
                        new FastThreadLocalThread(
                                task, threadNamePrefix + "-" + number.incrementAndGet());
        return new MultiThreadIoEventLoopGroup(
                threads, threadFactory, sockets.newIoHandlerFactory());
    }

    /**
     * Ends loops and closes what is open on them. Returns at once.
     *
     * <p>Not with a quiet period of zero: a loop of Netty 4.2 that is running tasks when it is told
     * so ends without a look at its channels, which then stay open for as long as the process
     * lives.
     *
     * @param limit after which tasks that are left are not run any more
     */
    public static void endLoops(EventLoopGroup loops, Duration limit) {
        loops.shutdownGracefully(1, limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Listens on TCP. The future fails with an {@code IOException} that names the address.
     *
     * @param acceptor loop that accepts; may be one of the client loops
     * @param backlog length of the accept queue; the kernel caps it at net.core.somaxconn
     * @param choice of the loop each connection will live on
     * @param onAccept called on that loop before {@code channelActive}: adds the handlers, once per
     *     connection. What it throws closes the connection.
     * @param paused nothing is accepted before {@link Listener#resume}
     */
    public CompletableFuture<Listener> listenTcp(
            EventLoop acceptor,
            InetSocketAddress address,
            int backlog,
            SocketSettings settings,
            LoopChoice choice,
            Consumer<Channel> onAccept,
            boolean paused) {
        return listening.tcp(
                acceptor,
                address,
                backlog,
                settings,
                new Acceptor(sockets, settings, false, choice, onAccept, paused));
    }

    /**
     * Listens on a Unix path. A stale socket file is removed, a live owner is left alone and fails
     * the future.
     *
     * @param mode permission bits of the socket file, 0 to 0777
     * @param paused as for TCP
     */
    public CompletableFuture<Listener> listenUnix(
            EventLoop acceptor,
            Path path,
            int mode,
            int backlog,
            SocketSettings settings,
            LoopChoice choice,
            Consumer<Channel> onAccept,
            boolean paused) {
        return listening.unix(
                acceptor,
                path,
                mode,
                backlog,
                new Acceptor(sockets, settings, true, choice, onAccept, paused));
    }

    /**
     * Goes on listening on a descriptor another process or systemd passed. Takes ownership of
     * {@code fd}. TCP or Unix is found out from the descriptor.
     *
     * @param paused nothing is accepted before {@link Listener#resume}
     */
    public CompletableFuture<Listener> adoptListener(
            EventLoop acceptor,
            int fd,
            SocketSettings settings,
            LoopChoice choice,
            Consumer<Channel> onAccept,
            boolean paused) {
        boolean unix;
        try {
            unix = SocketOptions.isUnix(fd);
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        return listening.adopt(
                acceptor,
                fd,
                settings,
                new Acceptor(sockets, settings, unix, choice, onAccept, paused),
                unix);
    }

    /**
     * Connects to a resolved TCP address. {@code handler} is in the pipeline before the connect. A
     * failed connect closes the channel.
     */
    public ChannelFuture connectTcp(
            EventLoop loop,
            InetSocketAddress address,
            SocketSettings settings,
            Duration timeout,
            ChannelHandler handler) {
        return connect(
                loop,
                () -> {
                    Channel channel = sockets.newTcp();
                    SocketOptions.applyTcp(channel, settings);
                    return channel;
                },
                address,
                timeout,
                handler);
    }

    /** As {@link #connectTcp}, to a Unix stream socket. */
    public ChannelFuture connectUnix(
            EventLoop loop,
            Path path,
            SocketSettings settings,
            Duration timeout,
            ChannelHandler handler) {
        return connect(
                loop,
                () -> {
                    Channel channel = sockets.newUnix();
                    SocketOptions.applyUnix(channel, settings);
                    return channel;
                },
                new DomainSocketAddress(path.toString()),
                timeout,
                handler);
    }

    private ChannelFuture connect(
            EventLoop loop,
            ChannelFactory<Channel> factory,
            SocketAddress address,
            Duration timeout,
            ChannelHandler handler) {
        long millis = Math.clamp(timeout.toMillis(), 1, MAX_CONNECT_TIMEOUT_MILLIS);
        ChannelFuture future =
                new Bootstrap()
                        .group(loop)
                        .channelFactory(
                                () -> {
                                    Channel channel = factory.newChannel();
                                    sockets.prepare(channel);
                                    return channel;
                                })
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) millis)
                        .handler(handler)
                        .connect(address);
        Throwable cause = future.cause();
        if (cause == null) {
            return future;
        }
        // Failed before there was a channel: Netty would call listeners on a thread of its own
        return new DefaultChannelPromise(future.channel(), loop).setFailure(cause);
    }

    /** The descriptor of a channel; owned by the channel, which closes it. */
    public static int fd(Channel channel) {
        return ((UnixChannel) channel).fd().intValue();
    }

    /**
     * What the kernel keeps for the peer of a connection: bytes that were written and not
     * acknowledged (TCP) or not read (Unix). 0 if it cannot be told.
     */
    public static long queuedBytes(Channel channel) {
        if (!(channel instanceof UnixChannel)) {
            return 0;
        }
        try {
            return Posix.outQueue(fd(channel));
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Makes a channel of a connected stream socket, TCP or Unix. Takes ownership of {@code fd}. The
     * caller adds handlers and registers it with a loop, which fires {@code channelActive}. Socket
     * options stay as they are.
     */
    public Channel adopt(int fd) throws IOException {
        try {
            Channel channel = sockets.adopt(fd, SocketOptions.isUnix(fd));
            sockets.prepare(channel);
            return channel;
        } catch (IOException | RuntimeException e) {
            new FileDescriptor(fd).close();
            throw e;
        }
    }

    /**
     * Lets a channel go on on another loop, without a byte lost. From this call until {@code
     * onMoved} the handlers hear nothing; what arrives meanwhile reaches them after {@code onMoved}
     * on the new loop. Nothing may be written in that time; what was written before is flushed
     * first.
     *
     * <p>On epoll the channel object and its pipeline stay. On io_uring, where a channel cannot be
     * registered twice, a new channel takes over a duplicate of the descriptor, {@code handler}
     * leaves the old pipeline and is the only one in the new: it must be {@code @Sharable} (or its
     * {@code isSharable()} say so), it hears {@code handlerRemoved} and {@code handlerAdded}, but
     * neither {@code channelInactive} nor a second {@code channelActive}. The old channel is closed
     * and must be forgotten.
     *
     * @param channel called on its loop
     * @param handler the one that is in the channel's pipeline
     * @param onMoved called on {@code target} with the channel to use from now on, before any read
     * @param onFailed called on the old loop; the channel is closed then
     */
    public void move(
            Channel channel,
            EventLoop target,
            ChannelHandler handler,
            Consumer<Channel> onMoved,
            Consumer<Throwable> onFailed) {
        if (target.equals(channel.eventLoop())) {
            onMoved.accept(channel);
            return;
        }
        new ChannelMove(sockets, channel, target, handler, onMoved, onFailed).start();
    }

    /**
     * Takes a channel off its loop and away from its handlers, whatever it is doing and whether its
     * peer reads or not. The channel is closed without an end of the connection, and its handlers
     * hear nothing more.
     *
     * @param channel called on its loop; nothing may be written any more
     * @param onDetached called on that loop with what is the caller's from then on. A connection
     *     that broke meanwhile is replaced by one that reads the end.
     * @param onFailed called on that loop; the connection is lost, for want of descriptors
     */
    public void detach(
            Channel channel, Consumer<DetachedSocket> onDetached, Consumer<Throwable> onFailed) {
        try {
            new ChannelDetach(sockets, channel, onDetached, onFailed).start();
        } catch (RuntimeException | OutOfMemoryError e) {
            channel.close();
            onFailed.accept(e);
        }
    }

    /**
     * Puts a connection on a loop, of this transport or of another process.
     *
     * @param socket owned from now on
     * @param loop called on it
     * @param onAttached called on the loop
     * @param onFailed called on the loop; the connection is lost
     */
    public void attach(
            DetachedSocket socket,
            EventLoop loop,
            Consumer<AttachedChannel> onAttached,
            Consumer<Throwable> onFailed) {
        Channel channel;
        try {
            channel = adopt(socket.fd());
        } catch (IOException | RuntimeException e) {
            onFailed.accept(e);
            return;
        }
        AttachedChannel attached;
        try {
            attached = new AttachedChannel(channel, socket);
        } catch (TlsException e) {
            channel.unsafe().closeForcibly();
            onFailed.accept(e);
            return;
        }
        loop.register(channel)
                .addListener(
                        done -> {
                            if (done.isSuccess()) {
                                // Not now: the registration still has events to tell, which a
                                // move of the channel would take for its own.
                                loop.execute(() -> hand(attached, onAttached, onFailed));
                            } else {
                                channel.unsafe().closeForcibly();
                                onFailed.accept(done.cause());
                            }
                        });
    }

    private static void hand(
            AttachedChannel attached,
            Consumer<AttachedChannel> onAttached,
            Consumer<Throwable> onFailed) {
        try {
            onAttached.accept(attached);
        } catch (RuntimeException | OutOfMemoryError e) {
            attached.channel().close();
            onFailed.accept(e);
        }
    }
}
