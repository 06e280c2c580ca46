package io.pgdoorman.statement;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * What two equal statements have in common: every byte of the text, the types, the settings. As a
 * key of a map it stands for a {@link Statement}; one instance of each thread is a probe that looks
 * into a buffer, so that a look-up allocates nothing.
 *
 * <p>Threads: a key is immutable; a probe is confined to its thread.
 */
final class StatementKey {
    private static final FastThreadLocal<StatementKey> PROBE =
            new FastThreadLocal<>() {
                @Override
                protected StatementKey initialValue() {
                    return new StatementKey();
                }
            };

    private @Nullable Statement statement;
    private byte[] sought = new byte[512];
    private int length;
    private String context = "";
    private int hash;

    private StatementKey() {}

    StatementKey(Statement statement) {
        this.statement = statement;
        this.hash = statement.keyHash();
    }

    /** This thread's probe, valid until the next call. Borrows {@code in}. */
    static StatementKey probe(ByteBuf in, int index, int length, String context) {
        StatementKey probe = PROBE.get();
        if (probe.sought.length < length) {
            probe.sought = new byte[Integer.highestOneBit(length) << 1];
        }
        in.getBytes(index, probe.sought, 0, length);
        probe.length = length;
        probe.context = context;
        probe.hash = hash(probe.sought, length, context);
        return probe;
    }

    /** Of a probe: the bytes it looks for, copied. */
    byte[] copy() {
        return Arrays.copyOf(sought, length);
    }

    static int hash(byte[] definition, String context) {
        return hash(definition, definition.length, context);
    }

    private static int hash(byte[] bytes, int length, String context) {
        int h = context.hashCode();
        for (int i = 0; i < length; i++) {
            h = 31 * h + bytes[i];
        }
        return h;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof StatementKey that) || that.hash != hash) {
            return false;
        }
        Statement own = statement;
        Statement theirs = that.statement;
        if (own != null && theirs != null) {
            return own == theirs || own.is(theirs.definition(), theirs.context());
        }
        if (theirs != null) {
            byte[] definition = theirs.definition();
            return Arrays.equals(definition, 0, definition.length, sought, 0, length)
                    && theirs.context().equals(context);
        }
        return own != null && that.equals(this);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
