package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

class LoopChoiceTest {
    private static final int LIMIT_SECONDS = 10;

    /** As by an application that tries a connection before it keeps one. */
    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void thoseThatStayAreOnAllLoopsAlike(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            BlockingQueue<Channel> active = new LinkedBlockingQueue<>();
            Listener listener = listen(loops, loops.choice(), active);
            List<SocketChannel> peers = new ArrayList<>();
            List<EventLoop> staying = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                peers.add(SocketChannel.open(listener.address()));
                staying.add(next(active).eventLoop());
                try (SocketChannel goes = SocketChannel.open(listener.address())) {
                    Channel accepted = next(active);
                    CountDownLatch gone = new CountDownLatch(1);
                    accepted.closeFuture().addListener(_ -> gone.countDown());
                    goes.shutdownOutput();
                    assertThat(gone.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
                }
            }

            assertThat(byLoop(staying)).hasSize(2).containsValues(3L);
            for (SocketChannel peer : peers) {
                peer.close();
            }
            listener.close().join();
        }
    }

    /** Those that came from another process have a place, too. */
    @Test
    void countsWhoCameOtherwise() throws Exception {
        try (Loops loops = new Loops(TransportChoice.EPOLL, 2)) {
            BlockingQueue<Channel> active = new LinkedBlockingQueue<>();
            LoopChoice choice = loops.choice();
            LoopChoice another = new LoopChoice(List.of(loops.first()));
            Listener listener = listen(loops, another, active);
            try (SocketChannel peer = SocketChannel.open(listener.address())) {
                Channel here = next(active);
                choice.join(here);

                assertThat(choice.choose()).isNotEqualTo(loops.first()); // 1, 1
                CountDownLatch gone = new CountDownLatch(1);
                here.closeFuture().addListener(_ -> gone.countDown());
                peer.shutdownOutput();
                assertThat(gone.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue(); // 0, 1
            }

            assertThat(choice.choose()).isEqualTo(loops.first()); // 1, 1
            choice.leave(loops.first());
            assertThat(choice.choose()).isEqualTo(loops.first());
            listener.close().join();
        }
    }

    private static Map<EventLoop, Long> byLoop(List<EventLoop> loops) {
        return loops.stream()
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    }

    private static Listener listen(Loops loops, LoopChoice choice, BlockingQueue<Channel> active) {
        return loops.transport
                .listenTcp(
                        loops.first(),
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        16,
                        SocketSettings.DEFAULT,
                        choice,
                        channel -> channel.pipeline().addLast(new Reports(active)),
                        false)
                .join();
    }

    private static Channel next(BlockingQueue<Channel> active) throws InterruptedException {
        Channel channel = active.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertThat(channel).isNotNull();
        return channel;
    }

    /** Active is a connection after it has a loop. */
    private static final class Reports extends ChannelInboundHandlerAdapter {
        private final BlockingQueue<Channel> active;

        Reports(BlockingQueue<Channel> active) {
            this.active = active;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            active.add(ctx.channel());
        }
    }
}
