package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.Channel;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a listener in a JVM of its own that may open few descriptors. */
@Timeout(60)
class AcceptLimitTest {
    private static final int LIMIT = 160;
    private static final int CLIENTS = 400;

    @ParameterizedTest
    @EnumSource(names = {"EPOLL", "IO_URING"})
    void goesOnAcceptingAfterDescriptorsRanOut(TransportChoice kind) throws Exception {
        try (Loops skipsWhereForbidden = new Loops(kind, 1)) {
            assertThat(skipsWhereForbidden.all).hasSize(1);
        }
        Process child = startServer(kind);
        try {
            int port = Integer.parseInt(readLine(child.getInputStream()));
            InetSocketAddress address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            Deque<SocketChannel> peers = new ArrayDeque<>();
            for (int i = 0; i < CLIENTS; i++) {
                peers.add(SocketChannel.open(address));
            }
            SocketChannel last = peers.removeLast();
            last.write(ByteBuffer.wrap("?".getBytes(StandardCharsets.UTF_8)));
            awaitFullTable(child.pid());

            for (SocketChannel peer : peers) {
                peer.close();
            }

            ByteBuffer answer = ByteBuffer.allocate(1);
            assertThat(last.read(answer)).isOne();
            last.close();
            child.getOutputStream().close();
            assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
            String log = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(log.lines().filter(line -> line.contains("cannot accept connections")))
                    .hasSizeBetween(1, 5);
        } finally {
            child.destroyForcibly();
        }
    }

    /**
     * Until the child has as many descriptors as it may have, give or take those of class files.
     */
    private static void awaitFullTable(long pid) {
        await().until(
                        () -> {
                            String[] fds = Path.of("/proc/" + pid + "/fd").toFile().list();
                            return fds != null && fds.length >= LIMIT - 1;
                        });
    }

    private static Process startServer(TransportChoice kind) throws IOException {
        List<String> command = new ArrayList<>();
        command.addAll(List.of("sh", "-c", "ulimit -n " + LIMIT + " && exec \"$@\"", "sh"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:-MaxFDLimit");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(Server.class.getName());
        command.add(kind.name());
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("child ended: " + line);
            }
            if (c != '\n') {
                line.append((char) c);
            } else if (line.chars().allMatch(Character::isDigit)) {
                return line.toString();
            } else {
                line.setLength(0); // something logged
            }
        }
    }

    /** The child: an echo on a port it prints, until its input ends. */
    static final class Server {
        private Server() {}

        public static void main(String[] args) throws IOException {
            Transport transport =
                    Transport.select(TransportChoice.valueOf(args[0]), System.out::println);
            var loops = transport.newLoops(1, "loop");
            Listener listener =
                    transport
                            .listenTcp(
                                    loops.next(),
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    1024,
                                    SocketSettings.DEFAULT,
                                    new LoopChoice(List.of(loops.next())),
                                    Server::addEcho,
                                    false)
                            .join();
            System.out.println(((InetSocketAddress) listener.address()).getPort());
            while (System.in.read() >= 0) {
                // the test holds the other end
            }
            System.exit(0);
        }

        private static void addEcho(Channel channel) {
            channel.pipeline().addLast(new Echo());
        }
    }
}
