package io.pgdoorman.statement;

import io.netty.buffer.ByteBuf;

import org.jspecify.annotations.Nullable;

import java.lang.ref.WeakReference;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The statements clients of one pool share. It may forget any of them at any time: clients and
 * servers keep theirs, and a Parse of the same text begins a new one.
 *
 * <p>Threads: any. A look-up takes no lock and allocates nothing; only what makes room waits for
 * nobody, because whoever comes second leaves it to the first.
 */
public final class StatementCache {
    /** Text of more bytes is no candidate: the plan is not what makes it expensive. */
    public static final int MAX_SHARED_BYTES = 64 * 1024;

    private static final int MAX_BYTES = 8 << 20;
    private static final int MAX_CONTEXTS = 1_000;

    /** When it is full, so much of it goes at once. */
    private static final int SHARE_EVICTED = 8;

    /** Numbers of all statements of the process, so that names on servers differ. */
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    private final ConcurrentHashMap<StatementKey, Statement> statements = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, String> contexts = new ConcurrentHashMap<>();

    /** Those that came from another process and are not shared, by number. */
    private final ConcurrentHashMap<Long, WeakReference<Statement>> adopted =
            new ConcurrentHashMap<>();

    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong evictions = new AtomicLong();
    private final ReentrantLock eviction = new ReentrantLock();

    /**
     * The statement with this definition; null if there is none. Borrows {@code in}.
     *
     * @param index of the definition: a Parse's body behind the name
     * @param context settings under which PostgreSQL reads the text
     */
    public @Nullable Statement find(ByteBuf in, int index, int length, String context) {
        if (length > MAX_SHARED_BYTES) {
            return null;
        }
        return statements.get(StatementKey.probe(in, index, length, context));
    }

    /**
     * Makes a statement others find, or, if it is too long, one of the caller's own. Borrows {@code
     * in}.
     *
     * @param most statements kept
     */
    public Statement add(ByteBuf in, int index, int length, String context, int traces, int most) {
        byte[] definition = new byte[length];
        in.getBytes(index, definition);
        boolean shared = length <= MAX_SHARED_BYTES;
        var added =
                new Statement(definition, context, LAST_NUMBER.incrementAndGet(), traces, shared);
        return shared ? share(added, most) : added;
    }

    /** A statement no other client finds. Borrows {@code in}. */
    public static Statement own(ByteBuf in, int index, int length, String context, int traces) {
        byte[] definition = new byte[length];
        in.getBytes(index, definition);
        return new Statement(definition, context, LAST_NUMBER.incrementAndGet(), traces, false);
    }

    /** Takes over one of another process; returns the one that is used here in its place. */
    public Statement adopt(Statement moved, int most) {
        continueAfter(moved.number());
        if (!moved.isShared()) {
            return moved.isPassing() ? moved : adoptOwn(moved);
        }
        Statement used = share(moved, most);
        if (moved.isFrequent()) {
            used.markFrequent();
        }
        return used;
    }

    /** Its client and its server may come in different messages, each with an object of its own. */
    private Statement adoptOwn(Statement moved) {
        adopted.values().removeIf(reference -> reference.refersTo(null));
        Statement[] used = {moved};
        adopted.compute(
                moved.number(),
                (_, before) -> {
                    Statement same = before == null ? null : before.get();
                    if (before == null || same == null) {
                        return new WeakReference<>(moved);
                    }
                    used[0] = same;
                    return before;
                });
        return used[0];
    }

    private Statement share(Statement added, int most) {
        added.touch(System.nanoTime());
        Statement before = statements.putIfAbsent(new StatementKey(added), added);
        if (before != null) {
            return before;
        }
        bytes.addAndGet(added.sizeBytes());
        if (statements.size() > most || bytes.get() > MAX_BYTES) {
            makeRoom(most);
        }
        return added;
    }

    /** The age does not change while they are sorted. */
    private record Aged(Statement statement, long lastUsedNanos) {}

    private void makeRoom(int most) {
        if (!eviction.tryLock()) {
            return;
        }
        try {
            List<Aged> oldest =
                    statements.values().stream()
                            .map(statement -> new Aged(statement, statement.lastUsedNanos()))
                            .sorted(Comparator.comparingLong(Aged::lastUsedNanos))
                            .toList();
            int surplus = Math.max(0, statements.size() - most);
            int goal = surplus + statements.size() / SHARE_EVICTED;
            for (Aged old : oldest.subList(0, Math.min(oldest.size(), Math.max(1, goal)))) {
                Statement statement = old.statement();
                if (statements.remove(new StatementKey(statement), statement)) {
                    bytes.addAndGet(-statement.sizeBytes());
                    evictions.incrementAndGet();
                }
            }
        } finally {
            eviction.unlock();
        }
    }

    /** One object for all clients with these settings. */
    public String context(String profile, String reported) {
        String both = profile + '\n' + reported;
        if (contexts.size() >= MAX_CONTEXTS) {
            contexts.clear(); // equal ones need not be the same
        }
        String before = contexts.putIfAbsent(both, both);
        return before == null ? both : before;
    }

    public int size() {
        return statements.size();
    }

    /** Forgets all: clients and servers keep theirs. */
    public void clear() {
        for (Statement statement : statements.values()) {
            if (statements.remove(new StatementKey(statement), statement)) {
                bytes.addAndGet(-statement.sizeBytes());
            }
        }
    }

    /** Those there are at this moment; a copy. */
    public List<Statement> all() {
        return List.copyOf(statements.values());
    }

    /** Bytes of text held, about. */
    public long bytes() {
        return bytes.get();
    }

    public long evictions() {
        return evictions.get();
    }

    /** Counts of another process that goes continue here. */
    public void inherit(long otherEvictions) {
        evictions.addAndGet(otherEvictions);
    }

    public static long lastNumber() {
        return LAST_NUMBER.get();
    }

    /** This process numbers from there on, unless it has come further. */
    public static void continueAfter(long number) {
        LAST_NUMBER.accumulateAndGet(number, Math::max);
    }
}
