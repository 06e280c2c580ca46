package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Closes TCP connections whose peer acknowledges nothing for too long: its machine is gone, or the
 * way to it.
 *
 * <p>The kernel's own TCP_USER_TIMEOUT is not used. It also counts the time in which a living peer
 * does not read, and it counts from the first probe of the first closed window, even if data has
 * passed since: a client that reads slowly all the time is reset after that time, and so is a
 * server that a lock keeps from reading a COPY. See docs/adr/0014.
 *
 * <p>The handlers of the channel hear a {@link DeadPeerException}, and then its end.
 *
 * <p>Threads: {@link #add} any; it looks on the thread of the given executor, and closes on the
 * channel's loop.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7), TCP_INFO</a>
 */
public final class DeadPeers {
    private static final Logger LOG = LoggerFactory.getLogger(DeadPeers.class);

    private static final int TCP_INFO = 11;

    /** As much of struct tcp_info as is read. */
    private static final int INFO_BYTES = 60;

    private static final int RETRANSMITS = 2;
    private static final int PROBES = 3;
    private static final int LAST_ACK_RECEIVED = 56;

    /** In each limit, so a peer is found dead at most a fifth later. */
    private static final int LOOKS = 6;

    private static final Duration SHORTEST_PERIOD = Duration.ofMillis(50);

    /** How soon it is seen that there is a limit again. */
    private static final Duration UNLIMITED_PERIOD = Duration.ofSeconds(10);

    /** One connection. Confined to the thread that looks. */
    private static final class Peer {
        final Channel channel;

        /** In how many looks on end it has owed an acknowledgement, and since when. */
        int owing;

        long owingSinceNanos;

        Peer(Channel channel) {
            this.channel = channel;
        }
    }

    private final Set<Peer> peers = ConcurrentHashMap.newKeySet();
    private final ByteBuffer info =
            ByteBuffer.allocateDirect(INFO_BYTES).order(ByteOrder.nativeOrder());

    /** Watches a connection until its channel closes; other than TCP is left alone. */
    void add(Channel channel) {
        if (channel instanceof SocketChannel) {
            var peer = new Peer(channel);
            peers.add(peer);
            channel.closeFuture().addListener(_ -> peers.remove(peer));
        }
    }

    /**
     * Begins to look.
     *
     * @param limit asked each time; zero is none
     */
    public void start(ScheduledExecutorService executor, Supplier<Duration> limit) {
        Duration now = limit.get();
        Duration period = now.dividedBy(LOOKS);
        if (now.isZero()) {
            period = UNLIMITED_PERIOD;
        } else if (period.compareTo(SHORTEST_PERIOD) < 0) {
            period = SHORTEST_PERIOD;
        }
        executor.schedule(
                () -> {
                    start(executor, limit); // first, so that a failure does not end the looks
                    Duration current = limit.get();
                    if (!current.isZero()) {
                        look(current);
                    }
                },
                period.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    private void look(Duration limit) {
        for (Peer peer : peers) {
            if (peer.channel.isActive()) {
                try {
                    look(peer, limit);
                } catch (IOException | RuntimeException e) {
                    LOG.debug("{} not looked at", peer.channel, e); // it closes just now
                }
            }
        }
    }

    private void look(Peer peer, Duration limit) throws IOException {
        info.clear();
        SocketOptions.socket(peer.channel).getRawOpt(SocketOptions.IPPROTO_TCP, TCP_INFO, info);
        // One probe may have been sent just now.
        if (info.get(RETRANSMITS) == 0 && info.get(PROBES) <= 1) {
            peer.owing = 0;
            return;
        }
        long now = System.nanoTime();
        long silentMillis = Integer.toUnsignedLong(info.getInt(LAST_ACK_RECEIVED));
        long silentSince = now - TimeUnit.MILLISECONDS.toNanos(silentMillis);
        if (peer.owing == 0 || silentSince - peer.owingSinceNanos > 0) {
            peer.owing = 0;
            peer.owingSinceNanos = now;
        }
        peer.owing++;
        if (peer.owing > LOOKS && now - peer.owingSinceNanos >= limit.toNanos()) {
            peers.remove(peer);
            peer.channel.eventLoop().execute(() -> close(peer.channel, limit));
        }
    }

    private static void close(Channel channel, Duration limit) {
        if (!channel.isActive()) {
            return;
        }
        channel.pipeline().fireExceptionCaught(new DeadPeerException(limit));
        channel.close();
    }
}
