package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * What identifies a session to a CancelRequest: a process ID and a secret key. Equality compares
 * the secret in constant time; {@link #toString} hides it. Threads: immutable. Keeps no buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BACKENDKEYDATA">Message
 *     Formats</a>
 */
public final class CancelKey {
    /** The only length in protocol 3.0, and the shortest in 3.2. */
    public static final int MIN_SECRET_BYTES = 4;

    /** The longest in protocol 3.2. */
    public static final int MAX_SECRET_BYTES = 256;

    private final int processId;
    private final byte[] secret;

    private CancelKey(int processId, byte[] secret) {
        this.processId = processId;
        this.secret = secret;
    }

    /** Copies {@code secret}, which must have 4 to 256 bytes. */
    public static CancelKey of(int processId, byte[] secret) {
        requireSecretLength(secret.length);
        return new CancelKey(processId, secret.clone());
    }

    /** A key whose secret nobody can guess. */
    public static CancelKey random(int processId, int secretBytes, SecureRandom random) {
        requireSecretLength(secretBytes);
        byte[] secret = new byte[secretBytes];
        random.nextBytes(secret);
        return new CancelKey(processId, secret);
    }

    /**
     * Reads a process ID and, up to the end of {@code body}, the secret. Borrows {@code body}.
     *
     * @param what the message, for the {@link ProtocolException} about a bad length
     */
    public static CancelKey decode(ByteBuf body, String what) {
        int secretBytes = body.readableBytes() - Integer.BYTES;
        if (secretBytes < MIN_SECRET_BYTES || secretBytes > MAX_SECRET_BYTES) {
            throw new ProtocolException(
                    "invalid length of cancel key in %s: %d bytes"
                            .formatted(what, body.readableBytes()));
        }
        int processId = body.readInt();
        byte[] secret = new byte[secretBytes];
        body.readBytes(secret);
        return new CancelKey(processId, secret);
    }

    /** Writes process ID and secret. Borrows {@code out}. */
    public void encode(ByteBuf out) {
        out.writeInt(processId).writeBytes(secret);
    }

    public int processId() {
        return processId;
    }

    /** A copy. */
    public byte[] secret() {
        return secret.clone();
    }

    public int secretBytes() {
        return secret.length;
    }

    /** Bytes that {@link #encode} writes. */
    public int encodedBytes() {
        return Integer.BYTES + secret.length;
    }

    private static void requireSecretLength(int secretBytes) {
        if (secretBytes < MIN_SECRET_BYTES || secretBytes > MAX_SECRET_BYTES) {
            throw new IllegalArgumentException("cancel key secret of " + secretBytes + " bytes");
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CancelKey that
                && processId == that.processId
                && MessageDigest.isEqual(secret, that.secret);
    }

    @Override
    public int hashCode() {
        return 31 * processId + Arrays.hashCode(secret);
    }

    @Override
    public String toString() {
        return "CancelKey[processId=%d, secret=%d bytes]".formatted(processId, secret.length);
    }
}
