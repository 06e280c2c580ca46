package io.pgdoorman.tls;

import io.netty.util.concurrent.FastThreadLocal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;

import javax.crypto.Mac;

/**
 * Derives keys from secrets. Threads: no state.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-7.1">RFC 8446, 7.1</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5246#section-5">RFC 5246, 5</a>
 */
final class KeySchedule {
    /** Kept, for the search among the JDK's providers takes longer than what they compute. */
    private static final class Macs {
        final Mac sha256 = make("HmacSHA256");
        final Mac sha384 = make("HmacSHA384");

        private static Mac make(String name) {
            try {
                return Mac.getInstance(name);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e); // every Java platform has them
            }
        }
    }

    private static final FastThreadLocal<Macs> MACS =
            new FastThreadLocal<>() {
                @Override
                protected Macs initialValue() {
                    return new Macs();
                }
            };

    private KeySchedule() {}

    /** HKDF-Expand-Label with an empty context. */
    static byte[] expandLabel(TlsSuite suite, byte[] secret, String label, int length) {
        return expandLabel(suite, secret, label, new byte[0], length);
    }

    static byte[] expandLabel(
            TlsSuite suite, byte[] secret, String label, byte[] context, int length) {
        byte[] full = ("tls13 " + label).getBytes(StandardCharsets.US_ASCII);
        byte[] info =
                ByteBuffer.allocate(2 + 1 + full.length + 1 + context.length)
                        .putShort((short) length)
                        .put((byte) full.length)
                        .put(full)
                        .put((byte) context.length)
                        .put(context)
                        .array();
        Mac mac = mac(suite);
        var key = new RawKey("Generic", secret.clone());
        try {
            mac.init(key);
            mac.update(info);
            mac.update((byte) 1); // none is longer than the hash, so one block is all
            byte[] block = mac.doFinal();
            if (length == block.length) {
                return block;
            }
            byte[] out = Arrays.copyOf(block, length);
            Arrays.fill(block, (byte) 0);
            return out;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } finally {
            key.destroy();
        }
    }

    /**
     * TLS-Exporter of TLS 1.3, with an empty context.
     *
     * @param exporter the exporter_master_secret
     * @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-7.5">RFC 8446, 7.5</a>
     */
    static byte[] export(TlsSuite suite, byte[] exporter, String label, int length) {
        byte[] nothing = emptyHash(suite);
        byte[] derived = expandLabel(suite, exporter, label, nothing, nothing.length);
        byte[] exported = expandLabel(suite, derived, "exporter", nothing, length);
        Arrays.fill(derived, (byte) 0);
        return exported;
    }

    private static byte[] emptyHash(TlsSuite suite) {
        try {
            String name = suite.hash().equals("SHA384") ? "SHA-384" : "SHA-256";
            return MessageDigest.getInstance(name).digest();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java platform has them
        }
    }

    private static Mac mac(TlsSuite suite) {
        Macs macs = MACS.get();
        return suite.hash().equals("SHA384") ? macs.sha384 : macs.sha256;
    }

    /** The key block of TLS 1.2: {@code PRF(master, "key expansion", server random + client's)}. */
    static byte[] keyBlock(
            TlsSuite suite, byte[] master, byte[] clientRandom, byte[] serverRandom, int length) {
        byte[] seed =
                ByteBuffer.allocate(13 + clientRandom.length + serverRandom.length)
                        .put("key expansion".getBytes(StandardCharsets.US_ASCII))
                        .put(serverRandom)
                        .put(clientRandom)
                        .array();
        var key = new RawKey("Generic", master.clone());
        try {
            Mac mac = mac(suite);
            mac.init(key);
            var out = ByteBuffer.allocate(length);
            byte[] a = mac.doFinal(seed);
            while (out.hasRemaining()) {
                mac.update(a);
                byte[] piece = mac.doFinal(seed);
                out.put(piece, 0, Math.min(piece.length, out.remaining()));
                Arrays.fill(piece, (byte) 0);
                a = mac.doFinal(a);
            }
            return out.array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } finally {
            key.destroy();
        }
    }
}
