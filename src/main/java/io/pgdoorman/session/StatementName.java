package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import io.pgdoorman.statement.Command;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A client's name of a prepared statement, cut as PostgreSQL cuts it. One instance of each thread
 * is a probe, so that a look-up allocates nothing.
 *
 * <p>Threads: immutable; a probe is confined to its thread.
 */
final class StatementName {
    private static final FastThreadLocal<StatementName> PROBE =
            new FastThreadLocal<>() {
                @Override
                protected StatementName initialValue() {
                    return new StatementName(new byte[Command.MAX_NAME_BYTES]);
                }
            };

    /** Of longer names an error shows no more. */
    private static final int MAX_SHOWN = 4 * 1024;

    private final byte[] bytes;
    private int length;
    private int hash;

    private StatementName(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes {@code bytes}, all of which errors show; only the first of them count. */
    static StatementName of(byte[] bytes) {
        var name = new StatementName(bytes);
        name.length = Math.min(bytes.length, Command.MAX_NAME_BYTES);
        name.hash = hash(bytes, name.length);
        return name;
    }

    /** For keeping. Borrows {@code in}. */
    static StatementName copy(ByteBuf in, int index, int length) {
        byte[] bytes = new byte[Math.min(length, MAX_SHOWN)];
        in.getBytes(index, bytes);
        return of(bytes);
    }

    /** Of text as {@link Command} gives it: one character for each byte. */
    static StatementName of(String text) {
        return of(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** This thread's probe, valid until the next call. Borrows {@code in}. */
    static StatementName probe(ByteBuf in, int index, int length) {
        StatementName probe = PROBE.get();
        probe.length = Math.min(length, Command.MAX_NAME_BYTES);
        in.getBytes(index, probe.bytes, 0, probe.length);
        probe.hash = hash(probe.bytes, probe.length);
        return probe;
    }

    /** As the client wrote it; not to be changed; only of one that is kept. */
    byte[] bytes() {
        return bytes;
    }

    private static int hash(byte[] bytes, int length) {
        int h = 1;
        for (int i = 0; i < length; i++) {
            h = 31 * h + bytes[i];
        }
        return h;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StatementName that
                && that.hash == hash
                && Arrays.equals(bytes, 0, length, that.bytes, 0, that.length);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
