package io.pgdoorman.net;

import java.io.IOException;
import java.time.Duration;

/** The peer of a connection has acknowledged nothing for too long, see {@link DeadPeers}. */
public final class DeadPeerException extends IOException {
    private static final long serialVersionUID = 1L;

    DeadPeerException(Duration limit) {
        super("nothing acknowledged for %d ms (tcp_user_timeout)".formatted(limit.toMillis()));
    }
}
