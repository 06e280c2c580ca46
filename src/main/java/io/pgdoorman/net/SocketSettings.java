package io.pgdoorman.net;

import java.time.Duration;

/**
 * Options of the sockets of clients and servers, as the {@code tcp_*} and {@code unix_socket_*}
 * settings give them. Threads: immutable.
 *
 * <p>Keep-alive is always on. SO_LINGER is never set on a socket: with the value 0 a close would
 * send RST and the peer would lose the error message written just before. The kernel delivers what
 * was written before close() in the background. {@code linger} is the longest time {@link
 * GracefulClose} waits for the peer to take the last message.
 *
 * @param keepaliveIdle quiet time before the first keep-alive probe, whole seconds; zero leaves the
 *     kernel's value
 * @param keepaliveInterval time between two probes, whole seconds; zero leaves the kernel's value
 * @param keepaliveCount unanswered probes after which the peer is dead; 0 leaves the kernel's value
 * @param linger zero means {@link GracefulClose#DEFAULT_LINGER}
 * @param noDelay TCP_NODELAY
 * @param tcpBufferBytes SO_SNDBUF and SO_RCVBUF of TCP sockets; 0 leaves the kernel's autotuning
 * @param unixBufferBytes the same for Unix sockets; 0 leaves the kernel's default
 */
public record SocketSettings(
        Duration keepaliveIdle,
        Duration keepaliveInterval,
        int keepaliveCount,
        Duration linger,
        boolean noDelay,
        int tcpBufferBytes,
        int unixBufferBytes) {
    /** The defaults of the manual. */
    public static final SocketSettings DEFAULT =
            new SocketSettings(
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(5),
                    5,
                    Duration.ZERO,
                    true,
                    0,
                    1 << 20);

    /** Refuses negative values, which no setting can give. */
    public SocketSettings {
        if (keepaliveIdle.isNegative()
                || keepaliveInterval.isNegative()
                || keepaliveCount < 0
                || linger.isNegative()
                || tcpBufferBytes < 0
                || unixBufferBytes < 0) {
            throw new IllegalArgumentException("a socket setting is negative");
        }
    }
}
