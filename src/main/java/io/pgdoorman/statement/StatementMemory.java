package io.pgdoorman.statement;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of heap that the named statements of all clients take, each text once. Clients decide how
 * many they prepare, and how long they are; so they have to be bounded before the heap is.
 *
 * <p>Threads: any.
 */
public final class StatementMemory {
    /** The entry of a client's map, its key and the name. */
    private static final int NAME_BYTES = 160;

    /** The rest is for everything else, and for what is garbage. */
    private static final long LIMIT = Runtime.getRuntime().maxMemory() / 2;

    private static final AtomicLong HELD = new AtomicLong();

    private StatementMemory() {}

    /** No more should be prepared under a new name. */
    public static boolean isFull() {
        return HELD.get() > LIMIT;
    }

    /** A name of a client stands for it. */
    public static void hold(Statement statement) {
        HELD.addAndGet(NAME_BYTES + (statement.hold() ? statement.sizeBytes() : 0));
    }

    /** It does no longer. */
    public static void letGo(Statement statement) {
        HELD.addAndGet(-NAME_BYTES - (statement.letGo() ? statement.sizeBytes() : 0));
    }

    /** Bytes held, about. */
    public static long held() {
        return HELD.get();
    }
}
