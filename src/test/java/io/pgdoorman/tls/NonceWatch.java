package io.pgdoorman.tls;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Finds out with which key and nonce each record of one direction was made: it tries, as only the
 * right ones open it. What it tries is computed from the specifications, and not by the code that
 * is watched. It follows updates of the key. Threads: the test's.
 */
final class NonceWatch {
    /** Numbers that are tried on either side of the one that is expected. */
    private static final int AROUND = 8;

    /**
     * One record.
     *
     * @param generation of the key: how many updates there were
     */
    record Seen(int generation, long number, int type, byte[] content) {}

    private final TlsSuite suite;
    private final long first;
    private final List<byte[]> secrets = new ArrayList<>();
    private final Set<String> used = new HashSet<>();
    private final List<Seen> seen = new ArrayList<>();
    private final List<Seen> again = new ArrayList<>();
    private long next;

    /**
     * @param secret as {@link FrozenTls} has it
     * @param first number that may be used
     */
    NonceWatch(TlsSuite suite, byte[] secret, long first) {
        this.suite = suite;
        this.first = first;
        this.next = first;
        secrets.add(secret.clone());
    }

    /** The records that were seen. */
    List<Seen> seen() {
        return seen;
    }

    /** Those of them whose key and nonce had been used before. */
    List<Seen> again() {
        return again;
    }

    /** Looks at whole records, each of which has to be made with a key that is known. */
    void watch(byte[] records) {
        watch(records, false);
    }

    /** The same, but records under other keys are left out: those of the handshake. */
    void watchHandshake(byte[] records) {
        watch(records, true);
    }

    private void watch(byte[] records, boolean others) {
        for (int at = 0; at < records.length; ) {
            int length =
                    RecordKeys.HEADER_BYTES
                            + (((records[at + 3] & 0xff) << 8) | (records[at + 4] & 0xff));
            byte[] record = Arrays.copyOfRange(records, at, at + length);
            if (!find(record) && !others) {
                throw new IllegalStateException(
                        "a record of %d bytes that no key opens".formatted(length));
            }
            at += length;
        }
    }

    private boolean find(byte[] record) {
        int latest = secrets.size() - 1;
        if (opens(latest, next, record)) {
            return true;
        }
        for (int generation = latest; generation >= 0; generation--) {
            for (long number = Math.max(0, next - AROUND); number < next + AROUND; number++) {
                if (opens(generation, number, record)) {
                    return true;
                }
            }
            for (long number = first; number < first + AROUND; number++) {
                if (opens(generation, number, record)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean opens(int generation, long number, byte[] record) {
        byte[] secret = secrets.get(generation);
        byte[] key;
        byte[] iv;
        if (suite.isTls13()) {
            key = KeySchedule.expandLabel(suite, secret, "key", suite.keyBytes());
            iv = KeySchedule.expandLabel(suite, secret, "iv", TlsSuite.NONCE_BYTES);
        } else {
            key = Arrays.copyOf(secret, suite.keyBytes());
            iv = Arrays.copyOfRange(secret, suite.keyBytes(), secret.length);
        }
        boolean explicit = iv.length < TlsSuite.NONCE_BYTES;
        int begin = RecordKeys.HEADER_BYTES + (explicit ? Long.BYTES : 0);
        int length = record.length - begin - TlsSuite.TAG_BYTES;
        if (length < 0) {
            return false;
        }
        byte[] nonce = Arrays.copyOf(iv, TlsSuite.NONCE_BYTES);
        if (explicit) {
            System.arraycopy(record, RecordKeys.HEADER_BYTES, nonce, iv.length, Long.BYTES);
        } else {
            for (int i = 0; i < Long.BYTES; i++) {
                nonce[nonce.length - 1 - i] ^= (byte) (number >>> (Byte.SIZE * i));
            }
        }
        byte[] plain = open(key, nonce, additional(record, number, length), record, begin);
        if (plain.length == 0 && length > 0) {
            return false;
        }
        note(generation, number, record[0], plain, HexFormat.of().formatHex(key) + hex(nonce));
        return true;
    }

    private byte[] additional(byte[] record, long number, int length) {
        if (suite.isTls13()) {
            return Arrays.copyOf(record, RecordKeys.HEADER_BYTES);
        }
        return ByteBuffer.allocate(13)
                .putLong(number)
                .put(record, 0, 3)
                .putShort((short) length)
                .array();
    }

    /** Nothing if it does not open. */
    private byte[] open(byte[] key, byte[] nonce, byte[] additional, byte[] record, int begin) {
        try {
            Cipher cipher =
                    Cipher.getInstance(suite.isGcm() ? "AES/GCM/NoPadding" : "ChaCha20-Poly1305");
            AlgorithmParameterSpec parameters =
                    suite.isGcm()
                            ? new GCMParameterSpec(TlsSuite.TAG_BYTES * Byte.SIZE, nonce)
                            : new IvParameterSpec(nonce);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    new SecretKeySpec(key, suite.isGcm() ? "AES" : "ChaCha20"),
                    parameters);
            cipher.updateAAD(additional);
            return cipher.doFinal(record, begin, record.length - begin);
        } catch (AEADBadTagException e) {
            return new byte[0];
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void note(int generation, long number, int type, byte[] plain, String pair) {
        byte[] content = plain;
        int kind = type;
        if (suite.isTls13()) {
            int end = plain.length - 1;
            while (plain[end] == 0) {
                end--;
            }
            kind = plain[end];
            content = Arrays.copyOf(plain, end);
        }
        var record = new Seen(generation, number, kind, content);
        seen.add(record);
        if (!used.add(pair)) {
            again.add(record);
        }
        next = number + 1;
        if (suite.isTls13() && kind == 22 && content[0] == 24 && generation == secrets.size() - 1) {
            byte[] secret = secrets.getLast();
            secrets.add(
                    KeySchedule.expandLabel(
                            suite, secret, "traffic upd", new byte[0], secret.length));
            next = 0;
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
