package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A peer whose last bytes and whose end arrive together. */
@ExtendWith(LeakChecked.class)
@Timeout(60)
class HangUpTest {
    private static final int ATTEMPTS = 50;

    @ParameterizedTest
    @CsvSource({"EPOLL, true", "EPOLL, false", "IO_URING, true", "IO_URING, false"})
    void isSeenBehindTheLastBytes(TransportChoice kind, boolean reset) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            var accepted = new CompletableFuture<?>[] {null};
            var ended = new CompletableFuture<?>[] {null};
            Listener listener =
                    loops.transport
                            .listenTcp(
                                    loops.first(),
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    16,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    channel -> watch(channel, accepted[0], ended[0]),
                                    false)
                            .join();
            for (int i = 0; i < ATTEMPTS; i++) {
                accepted[0] = new CompletableFuture<Void>();
                ended[0] = new CompletableFuture<Void>();
                var peer = new Socket();
                peer.connect(listener.address());
                accepted[0].get(10, TimeUnit.SECONDS);
                var blocked = new CountDownLatch(1);
                loops.first().execute(() -> awaitQuietly(blocked));

                peer.getOutputStream().write(new byte[] {'Q', 0, 0, 0, 9});
                if (reset) {
                    peer.setSoLinger(true, 0);
                }
                peer.close();
                blocked.countDown();

                assertThat(ended[0]).as("attempt %d", i).succeedsWithin(10, TimeUnit.SECONDS);
            }
            listener.close().join();
        }
    }

    private static void watch(
            Channel channel, CompletableFuture<?> accepted, CompletableFuture<?> ended) {
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        channel.pipeline()
                .addLast(
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void channelActive(ChannelHandlerContext ctx) {
                                accepted.complete(null);
                            }

                            @Override
                            public void channelRead(ChannelHandlerContext ctx, Object msg) {
                                ReferenceCountUtil.release(msg);
                            }

                            @Override
                            public void userEventTriggered(ChannelHandlerContext ctx, Object e) {
                                if (e == ChannelInputShutdownEvent.INSTANCE) {
                                    ctx.close();
                                }
                            }

                            @Override
                            public void exceptionCaught(ChannelHandlerContext ctx, Throwable e) {
                                ctx.close();
                            }

                            @Override
                            public void channelInactive(ChannelHandlerContext ctx) {
                                ended.complete(null);
                            }
                        });
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
