package io.pgdoorman.net;

import io.netty.channel.unix.Socket;

/**
 * A stream socket for IPv4 alone. Where there is IPv6, Netty's server channels are of that family,
 * and one that is bound to 0.0.0.0 accepts IPv6 as well. Threads: as {@link Socket}.
 */
final class Ipv4Socket extends Socket {
    private Ipv4Socket(int fd) {
        super(fd);
    }

    /** One that is neither bound nor connected. */
    static Ipv4Socket open() {
        return new Ipv4Socket(newSocketStream0(false));
    }
}
