package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * A connection goes from loop to loop, also of another transport, as it would between processes.
 */
@ExtendWith(LeakChecked.class)
@Timeout(120)
class DetachTest {
    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final int TRANSPLANTS = 100;

    @ParameterizedTest
    @CsvSource({"EPOLL,EPOLL", "IO_URING,IO_URING", "EPOLL,IO_URING"})
    void losesNoByteOfAStream(TransportChoice one, TransportChoice other) throws Exception {
        try (Loops a = new Loops(one, 1);
                Loops b = new Loops(other, 1)) {
            int[] pair = PeerSocket.descriptorPair();
            byte[] sent = randomBytes(24 << 20);
            try (PeerSocket peer = new PeerSocket(pair[1])) {
                var echo = new EchoBack();
                Channel channel = attach(a, plain(pair[0]), echo);
                var sender = run(() -> peer.send(ByteBuffer.wrap(sent), new int[0], LIMIT));
                ByteBuffer received = ByteBuffer.allocate(sent.length);
                var receiver = run(() -> receiveAll(peer, received));

                for (int i = 0; i < TRANSPLANTS && !receiver.isDone(); i++) {
                    int before = received.position();
                    while (received.position() == before && !receiver.isDone()) {
                        Thread.onSpinWait(); // so that bytes are under way at each transplant
                    }
                    channel = attach(i % 2 == 0 ? b : a, detach(i % 2 == 0 ? a : b, channel), echo);
                }

                sender.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
                receiver.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
                assertThat(received.array()).isEqualTo(sent);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"EPOLL,EPOLL", "IO_URING,IO_URING", "IO_URING,EPOLL"})
    void doesNotWaitForAPeerThatDoesNotRead(TransportChoice one, TransportChoice other)
            throws Exception {
        try (Loops a = new Loops(one, 1);
                Loops b = new Loops(other, 1)) {
            int[] pair = PeerSocket.descriptorPair();
            byte[] sent = randomBytes(8 << 20);
            try (PeerSocket peer = new PeerSocket(pair[1])) {
                Channel channel = attach(a, plain(pair[0]), new EchoBack());
                a.first()
                        .submit(
                                () -> {
                                    channel.write(Unpooled.wrappedBuffer(sent, 0, 1 << 20));
                                    channel.write(Unpooled.wrappedBuffer(sent, 1 << 20, 6 << 20));
                                    channel.flush();
                                    channel.write(Unpooled.wrappedBuffer(sent, 7 << 20, 1 << 20));
                                })
                        .get();

                DetachedSocket detached = detach(a, channel);

                assertThat(detached.unwritten().length).isGreaterThan(1 << 20);
                attach(b, detached, new EchoBack());
                ByteBuffer received = ByteBuffer.allocate(sent.length);
                receiveAll(peer, received);
                assertThat(received.array()).isEqualTo(sent);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"EPOLL", "IO_URING"})
    void aConnectionThatIsGoneReadsItsEnd(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            int[] pair = PeerSocket.descriptorPair();
            PeerSocket peer = new PeerSocket(pair[1]);
            Channel channel = attach(loops, plain(pair[0]), new EchoBack());
            CompletableFuture<DetachedSocket> done = new CompletableFuture<>();

            loops.first()
                    .execute(
                            () -> {
                                peer.close();
                                loops.transport.detach(
                                        channel, done::complete, done::completeExceptionally);
                            });
            var echo = new EchoBack();
            attach(loops, get(done), echo);

            get(echo.ended);
        }
    }

    private static DetachedSocket plain(int fd) {
        return new DetachedSocket(fd, new byte[0], new byte[0]);
    }

    private static DetachedSocket detach(Loops loops, Channel channel) throws Exception {
        CompletableFuture<DetachedSocket> done = new CompletableFuture<>();
        loops.first()
                .execute(
                        () ->
                                loops.transport.detach(
                                        channel, done::complete, done::completeExceptionally));
        DetachedSocket detached = get(done);
        assertThat(channel.closeFuture().await(LIMIT.toMillis())).isTrue();
        return detached;
    }

    private static Channel attach(Loops loops, DetachedSocket socket, EchoBack echo)
            throws Exception {
        CompletableFuture<Channel> done = new CompletableFuture<>();
        loops.first()
                .execute(
                        () ->
                                loops.transport.attach(
                                        socket,
                                        loops.first(),
                                        attached -> {
                                            attached.channel().pipeline().addLast(echo);
                                            attached.writeFirst();
                                            attached.channel().config().setAutoRead(true);
                                            if (!attached.resume()) {
                                                echo.ended.complete(true);
                                            }
                                            done.complete(attached.channel());
                                        },
                                        done::completeExceptionally));
        return get(done);
    }

    private static void receiveAll(PeerSocket peer, ByteBuffer into) throws Exception {
        while (into.hasRemaining()) {
            peer.receive(into, _ -> {}, LIMIT);
        }
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> run(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            try {
                                work.run();
                                done.complete(null);
                            } catch (Exception e) {
                                done.completeExceptionally(new ExecutionException(e));
                            }
                        });
        return done;
    }

    private static byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    /** Writes what it reads, and reads only while that is taken. */
    private static final class EchoBack extends ChannelInboundHandlerAdapter {
        final CompletableFuture<Boolean> ended = new CompletableFuture<>();

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ctx.writeAndFlush((ByteBuf) msg, ctx.voidPromise());
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ended.complete(true);
        }
    }
}
