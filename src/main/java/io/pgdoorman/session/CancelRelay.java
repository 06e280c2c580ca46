package io.pgdoorman.session;

import io.pgdoorman.wire.CancelKey;

/** The way to sessions of another process. Threads: any. */
public interface CancelRelay {
    /**
     * Asks the other process to cancel what the session with this key runs.
     *
     * @param onDone called once, on any thread, when the request can meet no later query any more,
     *     or nobody knows the key
     */
    void cancel(CancelKey key, Runnable onDone);
}
