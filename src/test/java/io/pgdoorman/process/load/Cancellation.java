package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.WireClient;

import java.time.Duration;
import java.util.List;

/**
 * Starts a long statement and cancels it over a connection of its own. Threads: pure functions.
 *
 * <p>A client that waits for a server has nothing to cancel. So the client is in a transaction, or
 * its pool has a server for each.
 */
final class Cancellation {
    /** A statement without a result, so that the error is the whole answer. */
    private static final String SLEEP = "DO $$ BEGIN PERFORM pg_sleep(5); END $$";

    /** After this silence the request must have come before the statement began. */
    private static final Duration SILENCE = Duration.ofSeconds(1);

    private Cancellation() {}

    static void checkInTransaction(Dialogue dialogue, Door door) {
        dialogue.command("BEGIN", "BEGIN", 'T');
        check(dialogue, door, 'E');
        dialogue.command("ROLLBACK", "ROLLBACK", 'I');
    }

    static void check(Dialogue dialogue, Door door) {
        check(dialogue, door, 'I');
    }

    private static void check(Dialogue dialogue, Door door, char statusAfter) {
        dialogue.send(Frontend.query(SLEEP));
        request(dialogue, door);
        if (dialogue.client().isSilentFor(SILENCE)) {
            request(dialogue, door);
        }
        dialogue.expect(
                SLEEP + ", cancelled",
                List.of("E 57014 canceling statement due to user request", "Z " + statusAfter));
    }

    /**
     * Returns when the other end has closed: from then on the request can meet no later statement.
     */
    private static void request(Dialogue dialogue, Door door) {
        WireClient session = dialogue.client();
        try (WireClient canceller = door.connect()) {
            canceller.send(Frontend.cancelRequest(session.processId(), session.secret()));
            Expect.equal("answer to CancelRequest", -1, canceller.readByte());
        }
    }
}
