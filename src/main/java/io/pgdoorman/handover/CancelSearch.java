package io.pgdoorman.handover;

import io.pgdoorman.session.CancelRelay;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.wire.CancelKey;

import java.time.Duration;

/**
 * Finds the session of a cancel request while sessions are on their way: here, in the other
 * process, or, a moment later, here after all.
 *
 * <p>Threads: a virtual thread for each request.
 */
final class CancelSearch implements CancelRelay {
    private static final Duration STEP = Duration.ofMillis(5);
    private static final Duration LIMIT = Duration.ofSeconds(1);

    /** Asks the other process; blocks until its answer. */
    interface Remote {
        /** Returns false if it does not know the key. */
        boolean cancel(CancelKey key) throws InterruptedException;
    }

    private final Sessions sessions;
    private final Remote remote;

    CancelSearch(Sessions sessions, Remote remote) {
        this.sessions = sessions;
        this.remote = remote;
    }

    @Override
    public void cancel(CancelKey key, Runnable onDone) {
        Thread.startVirtualThread(() -> search(key, onDone));
    }

    private void search(CancelKey key, Runnable onDone) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try {
            do {
                if (sessions.cancelHere(key, onDone)) {
                    return;
                }
                if (remote.cancel(key)) {
                    break;
                }
                Thread.sleep(STEP); // it may be between the two
            } while (System.nanoTime() - deadline < 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        onDone.run();
    }
}
