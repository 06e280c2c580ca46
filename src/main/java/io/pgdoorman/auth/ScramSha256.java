package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The arithmetic of SCRAM-SHA-256, names as in the RFCs. Threads: immutable, pure functions. {@link
 * #saltedPassword} costs milliseconds; everything else microseconds.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802">RFC 5802</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7677">RFC 7677</a>
 */
final class ScramSha256 {
    static final String MECHANISM = "SCRAM-SHA-256";
    static final String MECHANISM_PLUS = "SCRAM-SHA-256-PLUS";
    static final int KEY_BYTES = 32;

    /** Iterations PostgreSQL itself stores by default, and RFC 7677's minimum. */
    static final int DEFAULT_ITERATIONS = 4096;

    /** Salt length PostgreSQL stores. */
    static final int SALT_BYTES = 16;

    /** More would keep a processor busy for minutes; no known installation comes near. */
    static final int MAX_ITERATIONS = 10_000_000;

    private static final String HMAC = "HmacSHA256";
    private static final byte[] CLIENT_KEY = "Client Key".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SERVER_KEY = "Server Key".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FIRST_BLOCK = {0, 0, 0, 1};

    private ScramSha256() {}

    /** Hi(): PBKDF2 of one block. Takes raw bytes, so SASLprep is the caller's duty. */
    static Bytes saltedPassword(Bytes normalizedPassword, Bytes salt, int iterations) {
        if (iterations < 1 || iterations > MAX_ITERATIONS) {
            throw new IllegalArgumentException("SCRAM iterations out of range: " + iterations);
        }
        try {
            Mac mac = mac(normalizedPassword);
            mac.update(salt.toByteArray());
            byte[] last = mac.doFinal(FIRST_BLOCK);
            byte[] result = last.clone();
            for (int i = 1; i < iterations; i++) {
                mac.update(last);
                mac.doFinal(last, 0);
                for (int b = 0; b < KEY_BYTES; b++) {
                    result[b] ^= last[b];
                }
            }
            return Bytes.copyOf(result);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + HMAC, e);
        }
    }

    static Bytes clientKey(Bytes saltedPassword) {
        return hmac(saltedPassword, CLIENT_KEY);
    }

    static Bytes serverKey(Bytes saltedPassword) {
        return hmac(saltedPassword, SERVER_KEY);
    }

    /** H(): StoredKey from ClientKey. */
    static Bytes hash(Bytes key) {
        try {
            return Bytes.copyOf(MessageDigest.getInstance("SHA-256").digest(key.toByteArray()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** ClientSignature with StoredKey, ServerSignature with ServerKey. */
    static Bytes signature(Bytes key, String authMessage) {
        return hmac(key, authMessage.getBytes(StandardCharsets.ISO_8859_1));
    }

    static Bytes hmac(Bytes key, byte[] message) {
        try {
            return Bytes.copyOf(mac(key).doFinal(message));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has " + HMAC, e);
        }
    }

    static Bytes xor(Bytes a, Bytes b) {
        byte[] result = a.toByteArray();
        byte[] other = b.toByteArray();
        for (int i = 0; i < result.length; i++) {
            result[i] ^= other[i];
        }
        return Bytes.copyOf(result);
    }

    private static Mac mac(Bytes key) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(HMAC);
        // SecretKeySpec refuses an empty key; HMAC pads keys with zeros, so one zero byte is the
        // same key.
        mac.init(new SecretKeySpec(key.length() == 0 ? new byte[1] : key.toByteArray(), HMAC));
        return mac;
    }
}
