package io.pgdoorman.statement;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of heap that the statements of all clients take, each text once, and what servers keep of
 * them. Clients decide how many they prepare, and how long they are; so they have to be bounded
 * before the heap is.
 *
 * <p>Threads: any.
 */
public final class StatementMemory {
    /** The entry of a client's map, its key and the name. */
    private static final int NAME_BYTES = 160;

    /** The rest is for everything else, and for what is garbage. */
    private static final long LIMIT = Runtime.getRuntime().maxMemory() / 2;

    /** Of what servers keep. */
    private static final long SERVERS_LIMIT = Runtime.getRuntime().maxMemory() / 4;

    /** The entry of a server's map, its object and the name. */
    private static final int ENTRY_BYTES = 200;

    /** A shorter text without a name is not counted: a client has but one. */
    private static final int MIN_UNNAMED = 2 * 1024;

    private static final AtomicLong HELD = new AtomicLong();
    private static final AtomicLong SERVERS = new AtomicLong();

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

    /** It is a client's one without a name; null for none. */
    public static void holdUnnamed(@Nullable Statement statement) {
        if (statement != null && statement.sizeBytes() >= MIN_UNNAMED) {
            hold(statement);
        }
    }

    /** It is no longer. */
    public static void letGoUnnamed(@Nullable Statement statement) {
        if (statement != null && statement.sizeBytes() >= MIN_UNNAMED) {
            letGo(statement);
        }
    }

    /** Servers keep so much that one has to forget another before it prepares a statement. */
    static boolean isCrowded() {
        return SERVERS.get() > SERVERS_LIMIT;
    }

    /** A server keeps this many more entries, and bytes of text; fewer if they are negative. */
    static void keep(int entries, long bytes) {
        SERVERS.addAndGet((long) entries * ENTRY_BYTES + bytes);
    }

    /** Bytes servers keep, about. */
    public static long kept() {
        return SERVERS.get();
    }

    /** Bytes held, about. */
    public static long held() {
        return HELD.get();
    }
}
