package io.pgdoorman.tls;

import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;

import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;

/**
 * Protects the records of one direction of a connection. Each record has the next sequence number;
 * no number is used twice with the same key.
 *
 * <pre>
 *   TLS 1.3   23 03 03 length | AEAD(content, type)                     nonce: iv XOR number
 *   TLS 1.2   type 03 03 length | [number, with GCM] | AEAD(content)    nonce: iv, number
 * </pre>
 *
 * <p>Threads: confined to the connection's loop.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-5">RFC 8446, 5</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5288">RFC 5288 (GCM in TLS 1.2)</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7905">RFC 7905 (ChaCha20 in TLS 1.2)</a>
 */
final class RecordKeys {
    static final int HEADER_BYTES = 5;
    static final int MAX_CONTENT = 1 << 14;

    /** What one record may be longer than its content, header included. */
    static final int MAX_OVERHEAD = HEADER_BYTES + Long.BYTES + 1 + TlsSuite.TAG_BYTES;

    /**
     * With AES-GCM not more than 2^24.5 full records should be protected with one key (RFC 8446,
     * 5.5).
     */
    private static final long MAX_RECORDS = 1L << 24;

    private static final int APPLICATION_DATA = 23;
    private static final int AAD_BYTES_1_2 = 13;

    private static final String AES_GCM = "AES/GCM/NoPadding";
    private static final String CHACHA20 = "ChaCha20-Poly1305";

    /** Looked for once: two ciphers are made for each connection. */
    private static final Provider OF_AES_GCM = provider(AES_GCM);

    private static final Provider OF_CHACHA20 = provider(CHACHA20);

    private final TlsSuite suite;
    private final int mode;
    private final Cipher cipher;
    final byte[] iv;
    private final byte[] nonce = new byte[TlsSuite.NONCE_BYTES];
    private final byte[] additional;
    final byte[] secret;
    RawKey key;
    private long sequence;

    /**
     * @param secret of the suite's length; copied
     * @param sequence of the next record
     * @param mode {@link Cipher#ENCRYPT_MODE} or {@link Cipher#DECRYPT_MODE}
     */
    RecordKeys(TlsSuite suite, byte[] secret, long sequence, int mode) {
        if (secret.length != suite.secretBytes() || sequence < 0) {
            throw new IllegalArgumentException(
                    "%s has secrets of %d bytes, this has %d"
                            .formatted(suite, suite.secretBytes(), secret.length));
        }
        this.suite = suite;
        this.mode = mode;
        this.secret = secret.clone();
        this.sequence = sequence;
        this.iv = new byte[suite.fixedNonceBytes()];
        this.additional = new byte[suite.isTls13() ? HEADER_BYTES : AAD_BYTES_1_2];
        try {
            this.cipher =
                    suite.isGcm()
                            ? Cipher.getInstance(AES_GCM, OF_AES_GCM)
                            : Cipher.getInstance(CHACHA20, OF_CHACHA20);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has them
        }
        this.key = deriveKey();
    }

    private static Provider provider(String cipher) {
        try {
            return Cipher.getInstance(cipher).getProvider();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has them
        }
    }

    private RawKey deriveKey() {
        byte[] bytes;
        if (suite.isTls13()) {
            bytes = KeySchedule.expandLabel(suite, secret, "key", suite.keyBytes());
            byte[] derived = KeySchedule.expandLabel(suite, secret, "iv", iv.length);
            System.arraycopy(derived, 0, iv, 0, iv.length);
            Arrays.fill(derived, (byte) 0);
        } else {
            bytes = Arrays.copyOf(secret, suite.keyBytes());
            System.arraycopy(secret, bytes.length, iv, 0, iv.length);
        }
        return new RawKey(suite.isGcm() ? "AES" : "ChaCha20", bytes);
    }

    /** The next generation of a traffic secret, as KeyUpdate tells (RFC 8446, 7.2). */
    void update() {
        byte[] next =
                KeySchedule.expandLabel(suite, secret, "traffic upd", new byte[0], secret.length);
        System.arraycopy(next, 0, secret, 0, next.length);
        Arrays.fill(next, (byte) 0);
        key.destroy();
        key = deriveKey();
        sequence = 0;
    }

    /** Whether it is time for an {@link #update}, which only TLS 1.3 has. */
    boolean isWorn() {
        return suite.isTls13() && sequence >= MAX_RECORDS;
    }

    byte[] secret() {
        return secret.clone();
    }

    long sequence() {
        return sequence;
    }

    /** Forgets the secret: nothing can be protected or opened any more. */
    void destroy() {
        key.destroy();
        Arrays.fill(secret, (byte) 0);
        Arrays.fill(iv, (byte) 0);
    }

    /**
     * Makes one record.
     *
     * @param plain the content at {@code from}; the byte behind it is overwritten
     * @param length of the content, at most {@link #MAX_CONTENT}
     * @param out gets the record, from its first byte on
     * @return the record's length
     */
    int seal(int type, byte[] plain, int from, int length, byte[] out) {
        boolean modern = suite.isTls13();
        int input = length;
        if (modern) {
            plain[from + length] = (byte) type;
            input++;
        }
        int at = HEADER_BYTES + suite.explicitNonceBytes();
        int body = suite.explicitNonceBytes() + input + TlsSuite.TAG_BYTES;
        writeHeader(out, modern ? APPLICATION_DATA : type, body);
        if (at > HEADER_BYTES) {
            putLong(out, HEADER_BYTES, sequence);
        }
        try {
            prepare(out, length, type);
            cipher.doFinal(plain, from, input, out, at);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("record not protected", e);
        }
        sequence++;
        return HEADER_BYTES + body;
    }

    /**
     * Opens one record.
     *
     * @param record all of it, from its first byte on
     * @param body what its header says of its length
     * @param out gets the content, from its first byte on, and perhaps more behind it
     * @return {@code content type << 16 | length of the content}
     * @throws TlsException if it was not made with the peer's key, or is not the next
     */
    int open(byte[] record, int body, byte[] out) throws TlsException {
        int explicit = suite.explicitNonceBytes();
        int length = body - explicit - TlsSuite.TAG_BYTES;
        if (length < (suite.isTls13() ? 1 : 0)) {
            throw new TlsException(TlsException.BAD_RECORD_MAC, "a record is too short");
        }
        int opened;
        try {
            prepare(record, length, record[0]);
            opened =
                    cipher.doFinal(
                            record, HEADER_BYTES + explicit, length + TlsSuite.TAG_BYTES, out, 0);
        } catch (AEADBadTagException e) {
            throw new TlsException(
                    TlsException.BAD_RECORD_MAC, "a record was damaged or tampered with");
        } catch (GeneralSecurityException e) {
            throw new TlsException("a record could not be read", e);
        }
        sequence++;
        if (!suite.isTls13()) {
            return (record[0] << 16) | opened;
        }
        int end = opened - 1; // the content type stands behind the content, padding behind it
        while (end >= 0 && out[end] == 0) {
            end--;
        }
        if (end < 0) {
            throw new TlsException("a record has no content type");
        }
        return (out[end] << 16) | end;
    }

    /** The nonce, and what is authenticated with the content. */
    private void prepare(byte[] record, int contentBytes, int type)
            throws GeneralSecurityException {
        if (suite.isTls13()) {
            System.arraycopy(record, 0, additional, 0, HEADER_BYTES);
        } else {
            putLong(additional, 0, sequence);
            additional[8] = (byte) type;
            additional[9] = 3;
            additional[10] = 3;
            additional[11] = (byte) (contentBytes >> 8);
            additional[12] = (byte) contentBytes;
        }
        if (suite.explicitNonceBytes() > 0) {
            System.arraycopy(iv, 0, nonce, 0, iv.length);
            System.arraycopy(record, HEADER_BYTES, nonce, iv.length, Long.BYTES);
        } else {
            putLong(nonce, nonce.length - Long.BYTES, sequence);
            Arrays.fill(nonce, 0, nonce.length - Long.BYTES, (byte) 0);
            for (int i = 0; i < nonce.length; i++) {
                nonce[i] ^= iv[i];
            }
        }
        AlgorithmParameterSpec parameters =
                suite.isGcm()
                        ? new GCMParameterSpec(TlsSuite.TAG_BYTES * Byte.SIZE, nonce)
                        : new IvParameterSpec(nonce);
        cipher.init(mode, key, parameters);
        cipher.updateAAD(additional);
    }

    private static void writeHeader(byte[] out, int type, int body) {
        out[0] = (byte) type;
        out[1] = 3;
        out[2] = 3;
        out[3] = (byte) (body >> 8);
        out[4] = (byte) body;
    }

    private static void putLong(byte[] out, int at, long value) {
        for (int i = 0; i < Long.BYTES; i++) {
            out[at + i] = (byte) (value >>> (Long.SIZE - Byte.SIZE * (i + 1)));
        }
    }
}
