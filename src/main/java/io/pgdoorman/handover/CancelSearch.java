package io.pgdoorman.handover;

import io.pgdoorman.session.CancelRelay;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.wire.CancelKey;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.ExecutionException;

/**
 * Finds the session of a cancel request while sessions are on their way: here, in the other
 * process, or, a moment later, here after all.
 *
 * <p>Threads: a virtual thread for each request.
 */
final class CancelSearch implements CancelRelay {
    private static final Logger LOG = LoggerFactory.getLogger(CancelSearch.class);
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
                if (sessions.cancelHere(key).get() || remote.cancel(key)) {
                    break;
                }
                Thread.sleep(STEP); // it may be between the two
            } while (System.nanoTime() - deadline < 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            LOG.error("cancel request", e.getCause());
        }
        onDone.run();
    }
}
