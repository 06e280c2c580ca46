package io.pgdoorman.net;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;

/**
 * Applies {@link SocketSettings} to sockets and the relay's buffer settings to channels. Threads:
 * any, because it has no state.
 *
 * <p>Options are set by number on the descriptor, the same way for both transports. A TCP socket
 * inherits all of them from the listening socket it was accepted from, so an accept costs no call;
 * a Unix socket inherits none.
 */
final class SocketOptions {
    private static final Logger LOG = LoggerFactory.getLogger(SocketOptions.class);

    // Linux values, the same on x86-64 and AArch64.
    static final int SOL_SOCKET = 1;
    static final int SO_REUSEADDR = 2;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int SO_KEEPALIVE = 9;
    static final int SO_DOMAIN = 39;
    static final int AF_UNIX = 1;
    static final int IPPROTO_TCP = 6;
    static final int TCP_NODELAY = 1;
    static final int TCP_KEEPIDLE = 4;
    static final int TCP_KEEPINTVL = 5;
    static final int TCP_KEEPCNT = 6;

    /** A peer that does not read holds at most this much of our memory before reads stop. */
    private static final int HIGH_WATER_BYTES = 64 << 10;

    private static final int LOW_WATER_BYTES = 32 << 10;

    /** A query fits; a result grows it with each full read up to the largest. */
    private static final int FIRST_READ_BYTES = 2 << 10;

    private static final int SMALLEST_READ_BYTES = 512;
    private static final int LARGEST_READ_BYTES = 64 << 10;

    private static final WriteBufferWaterMark WATER_MARK =
            new WriteBufferWaterMark(LOW_WATER_BYTES, HIGH_WATER_BYTES);
    private static final AdaptiveRecvByteBufAllocator READ_SIZES =
            new AdaptiveRecvByteBufAllocator(
                    SMALLEST_READ_BYTES, FIRST_READ_BYTES, LARGEST_READ_BYTES);

    private SocketOptions() {}

    /** Loads what an accept needs, so that it works when no descriptor is left to load it with. */
    static void prepare() {
        LOG.trace("allocator {}", Buffers.ALLOCATOR);
    }

    /** Buffers of a stream channel; no system call. */
    static void applyBuffers(Channel channel) {
        ChannelConfig config = channel.config();
        config.setAllocator(Buffers.ALLOCATOR);
        config.setWriteBufferWaterMark(WATER_MARK);
        config.setRecvByteBufAllocator(READ_SIZES);
    }

    /** For a TCP socket that connects, or listens and passes the options on. */
    static void applyTcp(Channel channel, SocketSettings s) {
        Socket socket = socket(channel);
        set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
        setPositive(socket, IPPROTO_TCP, TCP_KEEPIDLE, s.keepaliveIdle().toSeconds());
        setPositive(socket, IPPROTO_TCP, TCP_KEEPINTVL, s.keepaliveInterval().toSeconds());
        setPositive(socket, IPPROTO_TCP, TCP_KEEPCNT, s.keepaliveCount());
        setPositive(socket, SOL_SOCKET, SO_SNDBUF, s.tcpBufferBytes());
        setPositive(socket, SOL_SOCKET, SO_RCVBUF, s.tcpBufferBytes());
        set(socket, IPPROTO_TCP, TCP_NODELAY, s.noDelay() ? 1 : 0);
    }

    /** For an accepted TCP socket: what it cannot inherit because Netty sets it anew. */
    static void applyAcceptedTcp(Channel channel, SocketSettings s) {
        if (!s.noDelay()) {
            set(socket(channel), IPPROTO_TCP, TCP_NODELAY, 0);
        }
    }

    /** For each Unix stream socket. The kernel uses the sender's buffer size only. */
    static void applyUnix(Channel channel, SocketSettings s) {
        setPositive(socket(channel), SOL_SOCKET, SO_SNDBUF, s.unixBufferBytes());
    }

    static Socket socket(Channel channel) {
        return (Socket) ((UnixChannel) channel).fd();
    }

    /** Whether a descriptor is a Unix socket; fails if it is no socket. */
    static boolean isUnix(int fd) throws IOException {
        return new Socket(fd).getIntOpt(SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
    }

    private static void setPositive(Socket socket, int level, int option, long value) {
        if (value > 0) {
            set(socket, level, option, (int) Math.min(value, Integer.MAX_VALUE));
        }
    }

    /** A socket that lacks an option still works: the connection goes on. */
    private static void set(Socket socket, int level, int option, int value) {
        try {
            socket.setIntOpt(level, option, value);
        } catch (IOException e) {
            LOG.atDebug()
                    .addKeyValue("level", level)
                    .addKeyValue("option", option)
                    .addKeyValue("value", value)
                    .addKeyValue("reason", e.getMessage())
                    .log("socket option not set");
        }
    }
}
