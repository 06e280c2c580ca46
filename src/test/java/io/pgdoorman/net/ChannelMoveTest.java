package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

@ExtendWith(LeakChecked.class)
@Timeout(120)
class ChannelMoveTest {
    private static final int MOVES = 200;
    private static final int DEADLINE_SECONDS = 25;

    @TempDir Path dir;

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void losesNoByteWhenTcpChannelMovesUnderStream(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Accepted accepted = new Accepted(loops);

            try (SocketChannel peer = SocketChannel.open(accepted.listenTcp())) {
                streamUnderMoves(loops, accepted, peer);
            }
            accepted.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void losesNoByteWhenUnixChannelMovesUnderStream(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Accepted accepted = new Accepted(loops);

            try (SocketChannel peer = SocketChannel.open(accepted.listenUnix(dir))) {
                streamUnderMoves(loops, accepted, peer);
            }
            accepted.close();
        }
    }

    private static void streamUnderMoves(Loops loops, Accepted accepted, SocketChannel peer)
            throws Exception {
        Channel channel = accepted.first.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        long descriptors = openSockets();
        Stream stream = new Stream(peer);

        CompletableFuture<Long> checked = stream.start();
        long received = 0;
        for (int moves = 0; moves < MOVES && !checked.isDone(); moves++) {
            // spread over the stream, so that bytes are under way at each move
            received = stream.awaitMoreThan(received);
            channel = move(loops, channel, accepted.echo, moves);
        }
        stream.end();

        assertThat(checked.get(DEADLINE_SECONDS, TimeUnit.SECONDS)).isPositive();
        assertThat(accepted.echo.actives).hasValue(1);
        assertThat(accepted.echo.inactives).hasValue(0);
        assertThat(openSockets()).isEqualTo(descriptors);
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void goesOnOnTheTargetLoop(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Accepted accepted = new Accepted(loops);
            try (SocketChannel peer = SocketChannel.open(accepted.listenTcp())) {
                Channel channel = accepted.first.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
                EventLoop target = loops.all.get(1);
                assertThat(channel.eventLoop()).isNotSameAs(target);

                Channel moved = move(loops, channel, accepted.echo, 0);

                assertThat(moved.eventLoop()).isSameAs(target);
                assertThat(moved.config().isAutoRead()).isTrue();
                assertThat(moved.remoteAddress()).isEqualTo(peer.getLocalAddress());
                assertThat(accepted.echo.context.executor()).isSameAs(target);
                assertThat(echoOf(peer, "after the move")).isEqualTo("after the move");
            }
            accepted.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void keepsReadsStoppedIfTheyWere(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Accepted accepted = new Accepted(loops);
            try (SocketChannel peer = SocketChannel.open(accepted.listenTcp())) {
                Channel channel = accepted.first.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
                onLoop(channel, () -> channel.config().setAutoRead(false));
                peer.write(ByteBuffer.wrap("waits".getBytes(StandardCharsets.UTF_8)));

                Channel moved = move(loops, channel, accepted.echo, 0);

                assertThat(moved.config().isAutoRead()).isFalse();
                onLoop(moved, () -> moved.config().setAutoRead(true));
                assertThat(read(peer, 5)).isEqualTo("waits");
            }
            accepted.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void flushesFirstWhatWasWritten(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Accepted accepted = new Accepted(loops);
            try (SocketChannel peer = SocketChannel.open(accepted.listenTcp())) {
                Channel channel = accepted.first.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
                CompletableFuture<Channel> done = new CompletableFuture<>();

                channel.eventLoop()
                        .execute(
                                () -> {
                                    channel.write(
                                            Unpooled.copiedBuffer(
                                                    "last".getBytes(StandardCharsets.UTF_8)));
                                    loops.transport.move(
                                            channel,
                                            loops.all.get(1),
                                            accepted.echo,
                                            done::complete,
                                            done::completeExceptionally);
                                });

                done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
                assertThat(read(peer, 4)).isEqualTo("last");
            }
            accepted.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void reportsPeerThatClosesDuringMove(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            for (int i = 0; i < 50; i++) {
                Accepted accepted = new Accepted(loops);
                SocketChannel peer = SocketChannel.open(accepted.listenTcp());
                Channel channel = accepted.first.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
                CompletableFuture<Channel> done = new CompletableFuture<>();

                channel.eventLoop()
                        .execute(
                                () -> {
                                    close(peer);
                                    loops.transport.move(
                                            channel,
                                            loops.all.get(1),
                                            accepted.echo,
                                            done::complete,
                                            done::completeExceptionally);
                                });

                Channel last = channelOrFailure(done, channel);
                last.closeFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
                accepted.close();
                await().pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> accepted.echo.inactives.get() == 1);
            }
        }
    }

    private static Channel channelOrFailure(CompletableFuture<Channel> done, Channel old)
            throws Exception {
        try {
            return done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException closedBeforeItMoved) {
            return old;
        }
    }

    private static void close(SocketChannel peer) {
        try {
            peer.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Channel move(Loops loops, Channel channel, Echo echo, int n) throws Exception {
        EventLoop target = loops.all.get((n + 1) % 2);
        CompletableFuture<Channel> done = new CompletableFuture<>();
        channel.eventLoop()
                .execute(
                        () ->
                                loops.transport.move(
                                        channel,
                                        target,
                                        echo,
                                        moved -> {
                                            assert target.inEventLoop();
                                            done.complete(moved);
                                        },
                                        done::completeExceptionally));
        return done.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private static void onLoop(Channel channel, Runnable task) throws Exception {
        channel.eventLoop().submit(task).get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    private static String echoOf(SocketChannel peer, String text) throws IOException {
        peer.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        return read(peer, text.length());
    }

    private static String read(SocketChannel peer, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (peer.read(buffer) < 0) {
                break;
            }
        }
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
    }

    private static long openSockets() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path fd : fds) {
                if (isSocket(fd)) {
                    count++;
                }
            }
        }
        return count;
    }

    private static boolean isSocket(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString().startsWith("socket:");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    /** A listener with an echo; remembers the first connection. The first loop gets it. */
    private static final class Accepted {
        final Echo echo = new Echo();
        final CompletableFuture<Channel> first = new CompletableFuture<>();
        private final Loops loops;
        private Listener listener;

        Accepted(Loops loops) {
            this.loops = loops;
        }

        InetSocketAddress listenTcp() {
            listener =
                    loops.transport
                            .listenTcp(
                                    loops.first(),
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    16,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    this::onAccept,
                                    false)
                            .join();
            return (InetSocketAddress) listener.address();
        }

        UnixDomainSocketAddress listenUnix(Path dir) {
            listener =
                    loops.transport
                            .listenUnix(
                                    loops.first(),
                                    dir.resolve("s"),
                                    0600,
                                    16,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    this::onAccept,
                                    false)
                            .join();
            return (UnixDomainSocketAddress) listener.address();
        }

        private void onAccept(Channel channel) {
            channel.pipeline().addLast(echo);
            channel.eventLoop().execute(() -> first.complete(channel));
        }

        void close() {
            listener.close().join();
        }
    }
}
