package io.pgdoorman.handover;

import io.pgdoorman.session.Session;
import io.pgdoorman.statement.Statement;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Whether the heap has room for what the sessions of one batch hold: on its way to another process
 * that is there several times over. What is long counts: a message that has to be whole, which is
 * outside of the heap before, and texts of statements, each of which goes once with a batch.
 *
 * <p>Threads: any; loops ask at the same time.
 */
final class HeapRoom {
    /** What is shorter is among what a heap has room for anyway. */
    private static final int LONG = 16 << 10;

    /** A batch may hold so much however little is left. */
    private static final long LITTLE = 1 << 20;

    /** Frozen, in its batch, in the message, in what is sent, and what each of them grew from. */
    private static final int COPIES = 6;

    /** Of what is left; clients are served meanwhile. */
    private static final int SHARE = 4;

    private final LongSupplier left;
    private final Set<Statement> texts = newSet();
    private long taken;
    private boolean refused;

    HeapRoom() {
        this(HeapRoom::leftInHeap);
    }

    /**
     * @param left bytes that can still be had
     */
    HeapRoom(LongSupplier left) {
        this.left = left;
    }

    /** Whether this session may go with the batch. On its loop. */
    boolean take(Session session) {
        Set<Statement> statements = newSet();
        session.forEachStatement(statements::add);
        return take(session.heldBytes(), statements);
    }

    /** One that holds more than a batch may goes alone, if it can go at all. */
    synchronized boolean take(long heldBytes, Set<Statement> statements) {
        long bytes = heldBytes < LONG ? 0 : heldBytes;
        for (Statement statement : statements) {
            int length = statement.definitionLength();
            bytes += length < LONG || texts.contains(statement) ? 0 : length;
        }
        if (bytes == 0) {
            return true;
        }
        if (taken + bytes > LITTLE) {
            long most = left.getAsLong() / COPIES;
            if (taken == 0 && bytes > most) {
                refused = true;
                return false;
            }
            if (taken > 0 && taken + bytes > Math.max(LITTLE, most / SHARE)) {
                return false;
            }
        }
        taken += bytes;
        texts.addAll(statements);
        return true;
    }

    /** Whether a session had to stay that would have been the only one. */
    synchronized boolean hasRefused() {
        return refused;
    }

    private static Set<Statement> newSet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private static long leftInHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
    }
}
