package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

import org.jspecify.annotations.Nullable;

/**
 * Finds the messages in a stream without decoding them. What passes is handed on in runs, as long
 * as the buffer they came in allows: complete messages and parts of long ones alike, so that a
 * message of any size costs no memory. Only where the visitor asks for it a message waits until it,
 * or its beginning, is whole.
 *
 * <p>Used for both directions. Allocates nothing but, where a read ends within a header or within a
 * message that must be whole, the buffer for that piece.
 *
 * <p>Threads: confined to the loop of its connection. Buffers: {@link #read} borrows.
 */
public final class FrameScanner {
    private static final int HEADER = Frames.HEADER_BYTES;

    /** What becomes of a message. */
    public enum Verdict {
        /** Goes on, with its body however long that is. */
        PASS,
        /** Stops here, with its body. */
        DROP,
        /** The same, and its body is shown to {@link Visitor#onBody} as it passes. */
        PASS_AND_SHOW,
        /** Not now: {@link #read} returns its index, and the message is read again later. */
        STOP
    }

    /** Looks at each message. May throw {@link ProtocolException}: the stream is of no use then. */
    public interface Visitor {
        /** Checks the length word; returns the length of the body. */
        int bodyLength(byte type, int length);

        /** How many bytes of the body {@link #onFrame} has to see. */
        int heldBytes(byte type, int bodyLength);

        /**
         * A message begins.
         *
         * @param in borrowed; holds as much of the body as {@link #heldBytes} said
         * @param index of the body
         */
        Verdict onFrame(byte type, ByteBuf in, int index, int bodyLength);

        /** Part of the body of a message that passes and is shown. Borrows {@code in}. */
        void onBody(ByteBuf in, int index, int length);

        /** A run of messages and parts of messages that pass. Borrows {@code in}. */
        void onRun(ByteBuf in, int from, int to);
    }

    private final PartialFrame partial = new PartialFrame();
    private int bodyLeft;
    private Verdict bodyVerdict = Verdict.PASS;

    // Valid within a call of the visitor only.
    private @Nullable ByteBuf current;
    private int runStart;
    private int frameStart;
    private int headReplaced;

    /** The stream stands between two messages. */
    public boolean isAtBoundary() {
        return bodyLeft == 0 && partial.isEmpty();
    }

    /** Bytes of a message that are held until more of it has come. */
    public int partialBytes() {
        return partial.isEmpty() ? 0 : partial.bytes().readableBytes();
    }

    /** Part of a message has passed, and its rest has not come. */
    public boolean isCut() {
        return bodyLeft > 0 && bodyVerdict != Verdict.DROP;
    }

    /**
     * Reads on. Borrows {@code in}; its indices are not moved.
     *
     * @return the index up to which {@code in} is done with: its end, or where the visitor stopped
     */
    public int read(ByteBuf in, Visitor visitor, ByteBufAllocator alloc) {
        int from = in.readerIndex();
        while (!partial.isEmpty()) {
            int need = neededOfPartial(visitor);
            int missing = need - partial.bytes().readableBytes();
            int available = in.writerIndex() - from;
            int taken = Math.min(missing, available);
            partial.append(in, from, taken);
            from += taken;
            if (taken < missing) {
                return from;
            }
            if (neededOfPartial(visitor) > need) {
                continue; // the header is whole now, and the body is wanted too
            }
            ByteBuf whole = partial.take();
            try {
                int done = scan(whole, whole.readerIndex(), visitor, alloc);
                if (done < whole.writerIndex()) {
                    partial.keep(whole, done, whole.writerIndex() - done, alloc);
                    return from;
                }
            } finally {
                whole.release();
            }
        }
        return scan(in, from, visitor, alloc);
    }

    private int neededOfPartial(Visitor visitor) {
        ByteBuf held = partial.bytes();
        if (held.readableBytes() < HEADER) {
            return HEADER;
        }
        byte type = held.getByte(held.readerIndex());
        int body = visitor.bodyLength(type, held.getInt(held.readerIndex() + 1));
        return HEADER + visitor.heldBytes(type, body);
    }

    private int scan(ByteBuf in, int start, Visitor visitor, ByteBufAllocator alloc) {
        int i = start;
        final int end = in.writerIndex();
        ByteBuf outer = current;
        current = in;
        runStart = start;
        try {
            while (i < end) {
                if (bodyLeft > 0) {
                    i = skipBody(in, i, end, visitor);
                    continue;
                }
                if (end - i < HEADER) {
                    break;
                }
                byte type = in.getByte(i);
                frameStart = i;
                int body = visitor.bodyLength(type, in.getInt(i + 1));
                if (end - i < HEADER + visitor.heldBytes(type, body)) {
                    break;
                }
                headReplaced = 0;
                Verdict verdict = visitor.onFrame(type, in, i + HEADER, body);
                if (verdict == Verdict.STOP) {
                    passRun(visitor);
                    return i;
                }
                if (verdict == Verdict.DROP) {
                    passRun(visitor);
                    runStart = i + HEADER;
                } else if (headReplaced > 0) {
                    runStart = i + headReplaced;
                }
                bodyLeft = body;
                bodyVerdict = verdict;
                i += HEADER;
            }
            frameStart = i;
            passRun(visitor);
            if (i < end) {
                partial.keep(in, i, end - i, alloc);
            }
            return end;
        } catch (ProtocolException e) {
            passRun(visitor); // what came before it was good
            throw e;
        } finally {
            current = outer;
        }
    }

    private int skipBody(ByteBuf in, int from, int end, Visitor visitor) {
        int n = Math.min(bodyLeft, end - from);
        if (bodyVerdict == Verdict.PASS_AND_SHOW) {
            visitor.onBody(in, from, n);
        }
        bodyLeft -= n;
        if (bodyVerdict == Verdict.DROP) {
            runStart = from + n;
        }
        return from + n;
    }

    /**
     * Hands on, now, what passes before the message the visitor is looking at: to be called from
     * {@link Visitor#onFrame} if the visitor writes something of its own in the message's place.
     */
    public void passRun(Visitor visitor) {
        ByteBuf in = current;
        if (in != null && runStart < frameStart) {
            int from = runStart;
            runStart = frameStart;
            visitor.onRun(in, from, frameStart);
        }
    }

    /**
     * The message's header and the first {@code bytes} of its body do not pass: to be called from
     * {@link Visitor#onFrame}, behind {@link #passRun}, if the visitor has written others in their
     * place. So much of the body has to be held.
     */
    public void replaceHead(int bytes) {
        headReplaced = HEADER + bytes;
    }

    public void release() {
        partial.release();
    }

    // ---- freeze ----------------------------------------------------------------------------

    /**
     * The position in the stream as data.
     *
     * @param partial the beginning of a message whose rest has not come
     * @param bodyLeft bytes of the current message still to come
     * @param bodyVerdict what becomes of those
     */
    public record Frozen(byte[] partial, int bodyLeft, Verdict bodyVerdict) {}

    /** Releases what is held. */
    public Frozen freeze() {
        var frozen = new Frozen(partial.toBytes(), bodyLeft, bodyVerdict);
        partial.release();
        return frozen;
    }

    public static FrameScanner thaw(Frozen frozen, ByteBufAllocator alloc) {
        var scanner = new FrameScanner();
        scanner.partial.restore(frozen.partial(), alloc);
        scanner.bodyLeft = frozen.bodyLeft();
        scanner.bodyVerdict = frozen.bodyVerdict();
        return scanner;
    }
}
