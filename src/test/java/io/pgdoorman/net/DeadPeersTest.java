package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.util.ReferenceCountUtil;
import io.pgdoorman.testing.DeafSocket;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A machine that is gone, and a client that is only slow. */
@ExtendWith(LeakChecked.class)
@Timeout(60)
class DeadPeersTest {
    private static final Duration LIMIT = Duration.ofMillis(500);

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void aPeerThatAcknowledgesNothingIsClosed(TransportChoice kind) throws Exception {
        try (var stage = new Stage(kind)) {
            Channel served = stage.connect(true);
            DeafSocket.deafen(SocketOptions.socket(stage.peer));

            served.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}));

            assertThat(stage.failure.get(20, TimeUnit.SECONDS))
                    .isInstanceOf(DeadPeerException.class)
                    .hasMessage("nothing acknowledged for 500 ms (tcp_user_timeout)");
            assertThat(served.closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void aPeerThatReadsSlowlyIsLeftAlone(TransportChoice kind) throws Exception {
        try (var stage = new Stage(kind)) {
            Channel served = stage.connect(false);
            served.writeAndFlush(Unpooled.wrappedBuffer(new byte[8 << 20]));

            stage.peer.read();
            stage.peer
                    .eventLoop()
                    .scheduleAtFixedRate(stage.peer::read, 400, 400, TimeUnit.MILLISECONDS);

            assertThat(served.closeFuture().await(8 * LIMIT.toMillis())).isFalse();
            assertThat(served.isWritable()).as("all is read").isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void aPeerThatDoesNotReadIsLeftAlone(TransportChoice kind) throws Exception {
        try (var stage = new Stage(kind)) {
            Channel served = stage.connect(false);
            served.writeAndFlush(Unpooled.wrappedBuffer(new byte[8 << 20]));

            assertThat(served.closeFuture().await(4 * LIMIT.toMillis())).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void aPeerThatIsHeardAgainIsLeftAlone(TransportChoice kind) throws Exception {
        try (var stage = new Stage(kind)) {
            Channel served = stage.connect(true);
            DeafSocket.deafen(SocketOptions.socket(stage.peer));
            served.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}));

            assertThat(served.closeFuture().await(LIMIT.toMillis() / 2)).isFalse();
            DeafSocket.undeafen(SocketOptions.socket(stage.peer));

            assertThat(served.closeFuture().await(3 * LIMIT.toMillis())).isFalse();
        }
    }

    /** A watched connection, and its peer on the same loop. */
    private static final class Stage implements AutoCloseable {
        final Loops loops;
        final ScheduledExecutorService watcher = Executors.newSingleThreadScheduledExecutor();
        final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Channel peer;
        Channel served;

        Stage(TransportChoice kind) {
            loops = new Loops(kind, 1);
            loops.transport.peers().start(watcher, () -> LIMIT);
        }

        /**
         * @param reads whether the peer reads by itself
         */
        Channel connect(boolean reads) throws Exception {
            var accepted = new CompletableFuture<Channel>();
            Listener listener =
                    loops.transport
                            .listenTcp(
                                    loops.first(),
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    16,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    channel -> {
                                        channel.pipeline().addLast(new Ear(failure));
                                        accepted.complete(channel);
                                    },
                                    false)
                            .join();
            peer =
                    loops.transport
                            .connectTcp(
                                    loops.first(),
                                    (InetSocketAddress) listener.address(),
                                    new SocketSettings(
                                            Duration.ZERO,
                                            Duration.ZERO,
                                            0,
                                            Duration.ZERO,
                                            true,
                                            16 << 10,
                                            0),
                                    Duration.ofSeconds(5),
                                    new Ear(new CompletableFuture<>()))
                            .sync()
                            .channel();
            peer.config().setOption(ChannelOption.AUTO_READ, reads);
            served = accepted.get(10, TimeUnit.SECONDS);
            return served;
        }

        @Override
        public void close() {
            watcher.shutdownNow();
            served.close().awaitUninterruptibly();
            peer.close().awaitUninterruptibly();
            loops.close();
        }
    }

    private static final class Ear extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Throwable> failure;

        Ear(CompletableFuture<Throwable> failure) {
            this.failure = failure;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ReferenceCountUtil.release(msg);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failure.complete(cause);
        }
    }
}
