package io.pgdoorman.statement;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A statement as a client's Parse defines it, whatever name it has there. Clients of a pool that
 * parse the same text, with the same parameter types, under the same settings, share one; so it is
 * prepared once on each server.
 *
 * <p>Threads: immutable, but for hints and the generation, which any loop may write, the count of
 * holders, and the command, which is the same whoever finds it out. The definition of one that is
 * not shared is only changed on its client's loop.
 */
public final class Statement {
    private static final AtomicIntegerFieldUpdater<Statement> HOLDERS =
            AtomicIntegerFieldUpdater.newUpdater(Statement.class, "holders");

    /** Of the objects, beside the definition. */
    private static final int OVERHEAD_BYTES = 120;

    /** Empty once nobody can ask for it any more. */
    private byte[] definition;

    private final int sizeBytes;
    private final String context;
    private final int hash;
    private final long number;
    private final int traces;
    private final boolean shared;

    /** How often its Parse succeeded; a hint, so that racing loops may lose one. */
    private int sightings;

    /** {@link System#nanoTime} of its last Parse; a hint too. */
    private long lastUsedNanos;

    /** Servers have to prepare it again if they did so for an earlier generation. */
    private volatile int generation;

    /** Names of clients that stand for it. */
    @SuppressWarnings("unused") // by HOLDERS
    private volatile int holders;

    private @Nullable Command command;

    /**
     * @param definition the body of a Parse behind the name: text, NUL, number of types, types; not
     *     copied
     * @param context settings under which PostgreSQL reads the text
     * @param number of its name on servers, unique in the process
     * @param traces what it may leave in a session
     * @param shared clients find it in the pool's cache
     */
    public Statement(byte[] definition, String context, long number, int traces, boolean shared) {
        this.definition = definition;
        this.sizeBytes = definition.length + OVERHEAD_BYTES;
        this.context = context;
        this.hash = StatementKey.hash(definition, context);
        this.number = number;
        this.traces = traces;
        this.shared = shared;
    }

    /** One that was too long to be kept: only the server that has it can run it. */
    public static Statement passing() {
        return new Statement(new byte[0], "", 0, 0, false);
    }

    /** Number of bytes of {@link #writeDefinition}. */
    public int definitionLength() {
        return definition.length;
    }

    /** Writes the body of its Parse behind the name. Borrows {@code out}. */
    public void writeDefinition(ByteBuf out) {
        out.writeBytes(definition);
    }

    /** The bytes of {@link #writeDefinition}, for a handover; not to be changed. */
    public byte[] definition() {
        return definition;
    }

    public String context() {
        return context;
    }

    public long number() {
        return number;
    }

    public int traces() {
        return traces;
    }

    /** Another client that parses the same gets this very object. */
    public boolean isShared() {
        return shared;
    }

    public int generation() {
        return generation;
    }

    /** What servers have prepared of it is out of date. */
    public void renew(int failed) {
        if (generation == failed) {
            generation = failed + 1;
        }
    }

    /** Notes a Parse. */
    public void see(long nowNanos) {
        lastUsedNanos = nowNanos;
    }

    /** Notes that a Parse succeeded. */
    public void count() {
        if (sightings < 2) {
            sightings++;
        }
    }

    /** What it says about statements or the session. */
    public Command command() {
        Command known = command;
        if (known == null) {
            int text = 0;
            while (text < definition.length && definition[text] != 0) {
                text++;
            }
            known = Command.of(Unpooled.wrappedBuffer(definition), 0, text);
            command = known;
        }
        return known;
    }

    /** Whether it is worth a name on servers: its Parse has succeeded more than once. */
    public boolean isFrequent() {
        return sightings > 1 && shared;
    }

    /** Whether its Parse has succeeded, of a shared one. */
    public boolean isProven() {
        return sightings > 0 && shared;
    }

    public void markFrequent() {
        sightings = 2;
    }

    /** See {@link #passing}. */
    public boolean isPassing() {
        return number == 0 && definition.length == 0;
    }

    /** Bytes of heap it takes, about. */
    int sizeBytes() {
        return sizeBytes;
    }

    /** Returns whether nobody else holds it. */
    boolean hold() {
        return HOLDERS.getAndIncrement(this) == 0;
    }

    /** Returns whether nobody else holds it. */
    boolean letGo() {
        return HOLDERS.decrementAndGet(this) == 0;
    }

    /**
     * Of one that is not shared: its client has left. Servers that have it need no more than its
     * name, until they close it.
     */
    public void forgetDefinition() {
        if (!shared) {
            definition = new byte[0];
        }
    }

    long lastUsedNanos() {
        return lastUsedNanos;
    }

    void touch(long nowNanos) {
        lastUsedNanos = nowNanos;
    }

    boolean is(byte[] otherDefinition, String otherContext) {
        return Arrays.equals(definition, otherDefinition) && context.equals(otherContext);
    }

    /** Its text without parameter types, as UTF-8. */
    public String text() {
        byte[] bytes = definition;
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /** How often its Parse succeeded, as far as that was counted. */
    public int sightings() {
        return sightings;
    }

    public int keyHash() {
        return hash;
    }
}
