package io.pgdoorman.pool;

import io.pgdoorman.backend.Server;
import io.pgdoorman.wire.backend.ErrorResponse;

/** Who waits for a server. Every call comes on the waiter's own event loop, once for a wait. */
public interface Waiter {
    /** The server is the waiter's until it is released; the waiter makes itself its owner. */
    void onServer(Server server);

    /**
     * There will be none.
     *
     * @param reason what the client may be told, severity ERROR
     */
    void onRefused(ErrorResponse reason);
}
