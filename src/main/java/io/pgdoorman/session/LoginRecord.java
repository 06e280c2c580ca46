package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.auth.ChannelBindings;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * What passed between a client and us during its login, so that it can be repeated in another
 * process: the client's bytes as they are, ours as a count and a checksum.
 *
 * <p>Threads: confined to the client's loop. Buffers are borrowed.
 */
final class LoginRecord {
    /** What becomes of a message for the client. */
    enum Verdict {
        /** It has to be sent. */
        NEW,
        /** The client got it before the login moved. */
        KNOWN,
        /** The client got something else. */
        DIFFERENT
    }

    private static final int FIRST_BYTES = 128;

    private int knownBytes;
    private long knownCheck;

    /** May hold a password; overwritten when it is not needed any more. */
    private byte[] received = new byte[FIRST_BYTES];

    private int receivedBytes;
    private final CRC32 check = new CRC32();
    private int sentBytes;

    LoginRecord(@Nullable FrozenLogin frozen) {
        knownBytes = frozen == null ? 0 : frozen.sentBytes();
        knownCheck = frozen == null ? 0 : frozen.sentCheck();
    }

    void received(ByteBuf in) {
        int length = in.readableBytes();
        if (received.length - receivedBytes < length) {
            byte[] before = received;
            received = Arrays.copyOf(before, Math.max(2 * before.length, receivedBytes + length));
            Arrays.fill(before, (byte) 0);
        }
        in.getBytes(in.readerIndex(), received, receivedBytes, length);
        receivedBytes += length;
    }

    /** The client is to get these bytes. */
    Verdict sent(ByteBuf out) {
        check.update(out.nioBuffer());
        sentBytes += out.readableBytes();
        if (sentBytes - out.readableBytes() >= knownBytes) {
            return Verdict.NEW;
        }
        boolean same =
                sentBytes < knownBytes
                        || (sentBytes == knownBytes && check.getValue() == knownCheck);
        return same ? Verdict.KNOWN : Verdict.DIFFERENT;
    }

    FrozenLogin freeze(
            int id,
            boolean overLimit,
            byte[] random,
            long nanosLeft,
            ChannelBindings bindings,
            @Nullable FrozenVerdict verdict) {
        // A login that moves again before it has caught up is where it was.
        boolean behind = sentBytes < knownBytes;
        return new FrozenLogin(
                id,
                overLimit,
                Arrays.copyOf(received, receivedBytes),
                random,
                behind ? knownBytes : sentBytes,
                behind ? knownCheck : check.getValue(),
                nanosLeft,
                bindings.endPoint().toByteArray(),
                bindings.exporter().toByteArray(),
                verdict);
    }

    /** The connection is encrypted from here on, and what was before does not matter any more. */
    void restart() {
        knownBytes = 0;
        knownCheck = 0;
        forget();
        sentBytes = 0;
        check.reset();
    }

    /** The login is over, and nobody needs its secrets any more. */
    void forget() {
        Arrays.fill(received, 0, receivedBytes, (byte) 0);
        receivedBytes = 0;
    }
}
