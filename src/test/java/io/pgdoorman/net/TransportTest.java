package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.FastThreadLocalThread;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

@ExtendWith(LeakChecked.class)
@Timeout(60)
class TransportTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final SocketSettings ODD_SETTINGS =
            new SocketSettings(
                    Duration.ofSeconds(31),
                    Duration.ofSeconds(7),
                    4,
                    Duration.ZERO,
                    false,
                    0,
                    100_000);

    @TempDir Path dir;

    @Test
    void usesEpollAndSaysWhyWhereIoUringIsForbidden() {
        List<String> warnings = new ArrayList<>();

        Transport transport = Transport.select(TransportChoice.IO_URING, warnings::add);

        if (transport.kind() == TransportChoice.IO_URING) {
            assertThat(warnings).isEmpty();
        } else {
            assertThat(warnings).singleElement().asString().contains("epoll is used instead");
        }
        assertThat(Transport.select(TransportChoice.AUTO, warnings::add).kind())
                .isEqualTo(transport.kind());
        assertThat(Transport.select(TransportChoice.EPOLL, warnings::add).kind())
                .isEqualTo(TransportChoice.EPOLL);
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void namesLoopThreads(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            List<String> names = new ArrayList<>();
            for (EventLoop loop : loops.all) {
                names.add(loop.submit(() -> Thread.currentThread().getName()).get());
            }

            assertThat(names).containsExactly("test-loop-1", "test-loop-2");
            assertThat(loops.first().submit(Thread::currentThread).get())
                    .isInstanceOf(FastThreadLocalThread.class);
        }
    }

    /** At whatever moment a loop hears of it: in three of four it is just done with a task. */
    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void nothingStaysOpenWhenLoopsEnd(TransportChoice kind) throws Exception {
        try (var peer = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 10; i++) {
                Channel channel;
                try (Loops loops = new Loops(kind, 1)) {
                    channel =
                            loops.transport
                                    .connectTcp(
                                            loops.first(),
                                            (InetSocketAddress) peer.getLocalSocketAddress(),
                                            SocketSettings.DEFAULT,
                                            CONNECT_TIMEOUT,
                                            new ChannelInboundHandlerAdapter())
                                    .sync()
                                    .channel();
                    loops.first().submit(() -> {}).sync();
                }
                assertThat(channel.isOpen()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void spreadsTcpConnectionsOverChosenLoops(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 2)) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            Listener listener =
                    loops.transport
                            .listenTcp(
                                    loops.first(),
                                    ANY_PORT,
                                    16,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    channel -> {
                                        threads.add(Thread.currentThread());
                                        channel.pipeline().addLast(new Echo());
                                    },
                                    false)
                            .join();

            List<SocketChannel> peers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                SocketChannel peer = SocketChannel.open(listener.address());
                peers.add(peer);
                assertThat(echoOf(peer, "hello " + i)).isEqualTo("hello " + i);
            }

            assertThat(threads).hasSize(2);
            for (SocketChannel peer : peers) {
                peer.close();
            }
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void anAddressOfIpv4IsOfIpv4Alone(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Listener listener =
                    listenTcp(loops, new InetSocketAddress("0.0.0.0", 0), new Echo()).join();
            var address = (InetSocketAddress) listener.address();

            assertThat(address.getAddress().getHostAddress()).isEqualTo("0.0.0.0");
            SocketChannel.open(new InetSocketAddress("127.0.0.1", address.getPort())).close();
            assertThatThrownBy(
                            () ->
                                    SocketChannel.open(
                                            new InetSocketAddress("::1", address.getPort())))
                    .isInstanceOf(SocketException.class);
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void anAddressOfIpv6IsOfBoth(TransportChoice kind) throws Exception {
        assumeTrue(Socket.isIPv6Preferred(), "IPv6 is turned off");
        try (Loops loops = new Loops(kind, 1)) {
            Listener listener = listenTcp(loops, new InetSocketAddress("::", 0), new Echo()).join();
            int port = ((InetSocketAddress) listener.address()).getPort();

            SocketChannel.open(new InetSocketAddress("127.0.0.1", port)).close();
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void namesTheAddressThatIsInUse(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1);
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();

            CompletableFuture<Listener> listener = listenTcp(loops, address, new Echo());

            assertThatThrownBy(() -> listener.get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasRootCauseMessage("bind(..) failed with error(-98): Address already in use")
                    .cause()
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("cannot listen on 127.0.0.1:" + address.getPort());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void givesAcceptedAndConnectedTcpSocketsTheSettings(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            CompletableFuture<Channel> accepted = new CompletableFuture<>();
            Listener listener =
                    loops.transport
                            .listenTcp(
                                    loops.first(),
                                    ANY_PORT,
                                    16,
                                    ODD_SETTINGS,
                                    loops.choice(),
                                    channel -> {
                                        channel.pipeline().addLast(new Echo());
                                        channel.eventLoop()
                                                .execute(() -> accepted.complete(channel));
                                    },
                                    false)
                            .join();

            ChannelFuture connected =
                    loops.transport
                            .connectTcp(
                                    loops.first(),
                                    (InetSocketAddress) listener.address(),
                                    ODD_SETTINGS,
                                    CONNECT_TIMEOUT,
                                    new Echo())
                            .sync();

            assertOddSettings(accepted.get(10, TimeUnit.SECONDS));
            assertOddSettings(connected.channel());
            connected.channel().close().sync();
            listener.close().join();
        }
    }

    private static void assertOddSettings(Channel channel) throws IOException {
        Socket socket = SocketOptions.socket(channel);
        assertThat(socket.getIntOpt(SocketOptions.SOL_SOCKET, SocketOptions.SO_KEEPALIVE)).isOne();
        assertThat(tcp(socket, SocketOptions.TCP_KEEPIDLE)).isEqualTo(31);
        assertThat(tcp(socket, SocketOptions.TCP_KEEPINTVL)).isEqualTo(7);
        assertThat(tcp(socket, SocketOptions.TCP_KEEPCNT)).isEqualTo(4);
        assertThat(tcp(socket, SocketOptions.TCP_NODELAY)).isZero();
        assertThat(socket.getSoLinger()).isEqualTo(-1);
    }

    private static int tcp(Socket socket, int option) throws IOException {
        return socket.getIntOpt(SocketOptions.IPPROTO_TCP, option);
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void givesUnixSocketsTheirBufferSize(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            CompletableFuture<Channel> accepted = new CompletableFuture<>();
            Path path = dir.resolve("s");
            Listener listener =
                    loops.transport
                            .listenUnix(
                                    loops.first(),
                                    path,
                                    0600,
                                    16,
                                    ODD_SETTINGS,
                                    loops.choice(),
                                    channel -> {
                                        channel.pipeline().addLast(new Echo());
                                        channel.eventLoop()
                                                .execute(() -> accepted.complete(channel));
                                    },
                                    false)
                            .join();

            ChannelFuture connected =
                    loops.transport
                            .connectUnix(
                                    loops.first(), path, ODD_SETTINGS, CONNECT_TIMEOUT, new Echo())
                            .sync();

            // the kernel doubles what it is told, for its own bookkeeping
            assertThat(SocketOptions.socket(connected.channel()).getSendBufferSize())
                    .isEqualTo(200_000);
            assertThat(SocketOptions.socket(accepted.get(10, TimeUnit.SECONDS)).getSendBufferSize())
                    .isEqualTo(200_000);
            connected.channel().close().sync();
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void reportsRefusedConnectOnTheLoop(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            InetSocketAddress nobody;
            try (ServerSocketChannel gone = ServerSocketChannel.open().bind(ANY_PORT)) {
                nobody = (InetSocketAddress) gone.getLocalAddress();
            }
            CompletableFuture<Boolean> onLoop = new CompletableFuture<>();

            ChannelFuture future =
                    loops.transport.connectTcp(
                            loops.first(),
                            nobody,
                            SocketSettings.DEFAULT,
                            CONNECT_TIMEOUT,
                            new Echo());
            future.addListener(_ -> onLoop.complete(loops.first().inEventLoop()));

            assertThat(onLoop.get(10, TimeUnit.SECONDS)).isTrue();
            assertThat(future.cause()).hasMessageContaining("refused");
            assertThat(future.channel().closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void queuesClientsWhilePaused(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Listener listener = listenTcp(loops, ANY_PORT, new Echo()).join();
            listener.pause().join();

            try (SocketChannel peer = SocketChannel.open(listener.address())) {
                peer.write(ByteBuffer.wrap("queued".getBytes(StandardCharsets.UTF_8)));
                listener.resume().join();

                assertThat(read(peer, 6)).isEqualTo("queued");
            }
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void goesOnListeningOnAnAdoptedDescriptor(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Listener first = listenTcp(loops, ANY_PORT, new Echo()).join();
            int copy = Posix.dup(first.fd());
            first.closeAfterHandover().join();

            Listener second =
                    loops.transport
                            .adoptListener(
                                    loops.first(),
                                    copy,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    channel -> channel.pipeline().addLast(new Echo()),
                                    false)
                            .join();

            assertThat(second.address()).isEqualTo(first.address());
            try (SocketChannel peer = SocketChannel.open(second.address())) {
                assertThat(echoOf(peer, "still here")).isEqualTo("still here");
            }
            second.close().join();
        }
    }

    @ParameterizedTest
    @CsvSource({"EPOLL, EPOLL", "EPOLL, IO_URING", "IO_URING, EPOLL", "IO_URING, IO_URING"})
    void goesOnWithConnectionOfPredecessor(TransportChoice before, TransportChoice after)
            throws Exception {
        try (Loops old = new Loops(before, 1);
                Loops next = new Loops(after, 1)) {
            Keep keep = new Keep();
            Listener listener = listenTcp(old, ANY_PORT, keep).join();
            SocketChannel client = SocketChannel.open(listener.address());
            Channel kept = keep.last.get(10, TimeUnit.SECONDS);
            int copy = Posix.dup(Transport.fd(kept));
            kept.close().sync();

            Channel adopted = next.transport.adopt(copy);
            adopted.pipeline().addLast(new Echo());
            next.first().register(adopted).sync();

            String large = "adopted".repeat(300_000); // blocks where a socket may block
            CompletableFuture<String> answer =
                    CompletableFuture.supplyAsync(() -> readUnchecked(client, large.length()));
            ByteBuffer request = ByteBuffer.wrap(large.getBytes(StandardCharsets.UTF_8));
            while (request.hasRemaining()) {
                client.write(request);
            }
            assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(large);
            client.close();
            adopted.closeFuture().sync();
            listener.close().join();
        }
    }

    private static String readUnchecked(SocketChannel peer, int length) {
        try {
            return read(peer, length);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void deliversLastMessageThoughInputIsUnread(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            String last = "x".repeat(50_000);
            Listener listener =
                    listenTcp(
                                    loops,
                                    ANY_PORT,
                                    new ChannelInboundHandlerAdapter() {
                                        @Override
                                        public boolean isSharable() {
                                            return true;
                                        }

                                        @Override
                                        public void channelActive(
                                                io.netty.channel.ChannelHandlerContext ctx) {
                                            ctx.channel().config().setAutoRead(false);
                                            GracefulClose.close(
                                                    ctx.channel(),
                                                    Unpooled.copiedBuffer(
                                                            last, StandardCharsets.UTF_8),
                                                    Duration.ofSeconds(20));
                                        }
                                    })
                            .join();

            for (int i = 0; i < 20; i++) {
                try (SocketChannel peer = SocketChannel.open(listener.address())) {
                    peer.write(ByteBuffer.allocate(100_000)); // a close() now would send RST
                    assertThat(read(peer, last.length())).isEqualTo(last);
                    assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
                }
            }
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void endsConnectionThoughReadsAreTurnedOnWhileItCloses(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            CompletableFuture<Channel> accepted = new CompletableFuture<>();
            Listener listener =
                    loops.transport
                            .listenTcp(
                                    loops.first(),
                                    ANY_PORT,
                                    16,
                                    SocketSettings.DEFAULT,
                                    loops.choice(),
                                    channel -> {
                                        channel.config().setAutoRead(false); // no read yet
                                        channel.eventLoop()
                                                .execute(() -> accepted.complete(channel));
                                    },
                                    false)
                            .join();
            try (SocketChannel peer = SocketChannel.open(listener.address())) {
                Channel kept = accepted.get(10, TimeUnit.SECONDS);
                kept.eventLoop()
                        .execute(
                                () -> {
                                    kept.writeAndFlush(Unpooled.copiedBuffer(new byte[1000]))
                                            .addListener(
                                                    _ -> {
                                                        kept.close();
                                                        kept.config().setAutoRead(true);
                                                    });
                                });

                assertThat(read(peer, 1000)).hasSize(1000);
                assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
            listener.close().join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void closesPeerThatIgnoresTheEndInTime(TransportChoice kind) throws Exception {
        try (Loops loops = new Loops(kind, 1)) {
            Keep keep = new Keep();
            Listener listener = listenTcp(loops, ANY_PORT, keep).join();
            try (SocketChannel peer = SocketChannel.open(listener.address())) {
                Channel kept = keep.last.get(10, TimeUnit.SECONDS);

                GracefulClose.close(kept, Unpooled.EMPTY_BUFFER, Duration.ofMillis(50));

                assertThat(kept.closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
                assertThat(peer.isOpen()).isTrue();
            }
            listener.close().join();
        }
    }

    /** Keeps the accepted channel for the test. */
    private static final class Keep extends ChannelInboundHandlerAdapter {
        final CompletableFuture<Channel> last = new CompletableFuture<>();

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelActive(io.netty.channel.ChannelHandlerContext ctx) {
            last.complete(ctx.channel());
        }
    }

    private static CompletableFuture<Listener> listenTcp(
            Loops loops, InetSocketAddress address, ChannelInboundHandlerAdapter handler) {
        return loops.transport.listenTcp(
                loops.first(),
                address,
                16,
                SocketSettings.DEFAULT,
                loops.choice(),
                channel -> channel.pipeline().addLast(handler),
                false);
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
}
