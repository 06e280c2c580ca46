package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.util.ReferenceCountUtil;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_DETACH_FILTER = 27;
    private static final short RETURN_CONSTANT = 6;

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void aPeerThatAcknowledgesNothingIsClosed(TransportChoice kind) throws Exception {
        try (var stage = new Stage(kind)) {
            Channel served = stage.connect(true);
            deafen(stage.peer);

            served.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}));

            assertThat(stage.failure.get(20, TimeUnit.SECONDS))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Connection timed out");
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
            deafen(stage.peer);
            served.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}));

            assertThat(served.closeFuture().await(LIMIT.toMillis() / 2)).isFalse();
            SocketOptions.socket(stage.peer)
                    .setRawOpt(SocketOptions.SOL_SOCKET, SO_DETACH_FILTER, number(0));

            assertThat(served.closeFuture().await(3 * LIMIT.toMillis())).isFalse();
        }
    }

    /** Its kernel drops all it gets, as if the machine were off: a filter that accepts no byte. */
    private static void deafen(Channel peer) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment instruction = arena.allocate(8, 8); // struct sock_filter
            instruction.set(ValueLayout.JAVA_SHORT, 0, RETURN_CONSTANT);
            ByteBuffer program = // struct sock_fprog
                    ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
            program.putShort(0, (short) 1).putLong(8, instruction.address());
            SocketOptions.socket(peer)
                    .setRawOpt(SocketOptions.SOL_SOCKET, SO_ATTACH_FILTER, program);
        }
    }

    private static ByteBuffer number(int value) {
        return ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder()).putInt(0, value);
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
                                    loops.inTurn(),
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
