package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import java.nio.charset.StandardCharsets;

/**
 * Finds the words in statements that betray session state no command tag tells of: {@code
 * set_config} and its view {@code pg_settings}, {@code pg_advisory_lock} and its kin, {@code temp}
 * tables, {@code hold} cursors.
 *
 * <p>All words are searched at once, case-insensitively, by the Shift-And algorithm: one bit for
 * each character of each word, one table look-up and three operations for a byte of text, nothing
 * allocated. The whole state is one {@code long}, so a statement may be cut anywhere, and a session
 * that is frozen in the middle of one goes on with it.
 *
 * <p>Threads: immutable, state is the caller's.
 */
final class StatementScanner {
    /** The state at the begin of a statement: as after a byte that is no part of an identifier. */
    static final long START;

    private static final long[] NEXT = new long[256];
    private static final long FIRST;
    private static final long LAST_SETTINGS;
    private static final long LAST_ADVISORY;
    private static final long LAST_TEMPORARY;
    private static final long LAST_HOLD;
    private static final long LAST;

    /** In a word, {@code ' '} stands for any byte that is no part of an identifier. */
    private static final String[] WORDS = {
        "set_config", "pg_settings", "advisory", " temp ", " temporary ", "pg_temp", " hold "
    };

    static {
        int bit = 0;
        long first = 0;
        long start = 0;
        long[] last = new long[WORDS.length];
        for (int w = 0; w < WORDS.length; w++) {
            String word = WORDS[w];
            first |= 1L << bit;
            if (word.charAt(0) == ' ') {
                start |= 1L << bit;
            }
            for (int i = 0; i < word.length(); i++, bit++) {
                char c = word.charAt(i);
                for (int b = 0; b < 256; b++) {
                    if (c == ' ' ? !isIdentifier(b) : Character.toLowerCase((char) b) == c) {
                        NEXT[b] |= 1L << bit;
                    }
                }
            }
            last[w] = 1L << (bit - 1);
        }
        if (bit > Long.SIZE) {
            throw new AssertionError("words need " + bit + " bits");
        }
        FIRST = first;
        START = start;
        LAST_SETTINGS = last[0] | last[1];
        LAST_ADVISORY = last[2];
        LAST_TEMPORARY = last[3] | last[4] | last[5];
        LAST_HOLD = last[6];
        LAST = LAST_SETTINGS | LAST_ADVISORY | LAST_TEMPORARY | LAST_HOLD;
    }

    /** Collects the words found between two calls of {@link #scan}; one for each loop. */
    static final class Hits {
        long found;

        /** The traces the words found stand for. */
        int traces() {
            int traces = 0;
            if ((found & LAST_SETTINGS) != 0) {
                traces |= SessionTraces.SETTINGS;
            }
            if ((found & LAST_ADVISORY) != 0) {
                traces |= SessionTraces.ADVISORY_LOCKS;
            }
            if ((found & LAST_TEMPORARY) != 0) {
                traces |= SessionTraces.TEMPORARY;
            }
            if ((found & LAST_HOLD) != 0) {
                traces |= SessionTraces.HOLD_WORD;
            }
            return traces;
        }
    }

    private StatementScanner() {}

    /**
     * Reads {@code length} bytes of statement text at {@code index}. Borrows {@code text}.
     *
     * @return the state to go on with; words that ended in these bytes are added to {@code hits}
     */
    static long scan(long state, ByteBuf text, int index, int length, Hits hits) {
        long s = state;
        long found = 0;
        for (int i = index, end = index + length; i < end; i++) {
            s = ((s << 1) | FIRST) & NEXT[text.getByte(i) & 0xFF];
            found |= s;
        }
        hits.found |= found & LAST;
        return s;
    }

    /** The traces of one whole statement. Borrows {@code text}. */
    static int tracesOf(ByteBuf text, int index, int length) {
        var hits = new Hits();
        long state = scan(START, text, index, length, hits);
        // Behind its end stands what is no part of an identifier.
        hits.found |= ((state << 1) | FIRST) & NEXT[0] & LAST;
        return hits.traces();
    }

    /** For tests: the traces of one whole statement. */
    static int tracesOf(String statement) {
        var hits = new Hits();
        byte[] bytes = (statement + "\0").getBytes(StandardCharsets.UTF_8);
        scan(START, Unpooled.wrappedBuffer(bytes), 0, bytes.length, hits);
        return hits.traces();
    }

    private static boolean isIdentifier(int b) {
        return b >= 0x80
                || b == '_'
                || b == '$'
                || (b >= '0' && b <= '9')
                || (b >= 'a' && b <= 'z')
                || (b >= 'A' && b <= 'Z');
    }
}
