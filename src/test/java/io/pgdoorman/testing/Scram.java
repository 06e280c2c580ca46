package io.pgdoorman.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's half of SCRAM-SHA-256 (RFC 5802). Threads: confined. */
public final class Scram {
    private static final String NONCE = "fyko+d2lbbFgONRv9qkxdawL";

    private final String password;
    private final String header;
    private final byte[] binding;
    private final String firstBare = "n=,r=" + NONCE;

    /** Without channel binding. */
    Scram(String password) {
        this(password, "n,,", new byte[0]);
    }

    private Scram(String password, String header, byte[] binding) {
        this.password = password;
        this.header = header;
        this.binding = binding;
    }

    /** Bound to a channel, in the way of {@code type}. */
    public static Scram bound(String password, String type, byte[] binding) {
        return new Scram(password, "p=" + type + ",,", binding);
    }

    public byte[] clientFirst() {
        return bytes(header + firstBare);
    }

    public byte[] clientFinal(String serverFirst) {
        String[] parts = serverFirst.split(",");
        byte[] salt = Base64.getDecoder().decode(parts[1].substring(2));
        int iterations = Integer.parseInt(parts[2].substring(2));
        byte[] input = Arrays.copyOf(bytes(header), header.length() + binding.length);
        System.arraycopy(binding, 0, input, header.length(), binding.length);
        String withoutProof = "c=" + Base64.getEncoder().encodeToString(input) + "," + parts[0];
        String authMessage = firstBare + "," + serverFirst + "," + withoutProof;
        try {
            var spec = new PBEKeySpec(password.toCharArray(), salt, iterations, 256);
            byte[] salted =
                    SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                            .generateSecret(spec)
                            .getEncoded();
            byte[] proof = hmac(salted, "Client Key");
            byte[] storedKey = MessageDigest.getInstance("SHA-256").digest(proof);
            byte[] signature = hmac(storedKey, authMessage);
            for (int i = 0; i < proof.length; i++) {
                proof[i] ^= signature[i];
            }
            return bytes(withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String md5(String user, String password, byte[] salt) {
        return "md5" + md5Hex(bytes(md5Hex(bytes(password + user), new byte[0])), salt);
    }

    private static String md5Hex(byte[] first, byte[] second) {
        try {
            var digest = MessageDigest.getInstance("MD5");
            digest.update(first);
            digest.update(second);
            return java.util.HexFormat.of().formatHex(digest.digest());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
