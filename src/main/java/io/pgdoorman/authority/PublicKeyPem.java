package io.pgdoorman.authority;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Public keys as they stand in PEM files: by themselves or in certificates, whose dates and issuers
 * mean nothing here. Threads: no state.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7468">RFC 7468</a>
 */
final class PublicKeyPem {
    private static final String BEGIN = "-----BEGIN ";
    private static final Pattern BLOCK =
            Pattern.compile(BEGIN + "([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

    /** Of an RSA key, before the BIT STRING that holds what older programs write alone. */
    private static final byte[] RSA_ALGORITHM =
            HexFormat.of().parseHex("300d06092a864886f70d0101010500");

    private static final int SEQUENCE = 0x30;
    private static final int BIT_STRING = 0x03;
    private static final int TWO_BYTES = 0x82;
    private static final byte[] NO_UNUSED_BITS = {0};

    private PublicKeyPem() {}

    /** All keys of a text, in its order. */
    static List<PublicKey> read(String text) throws TokenKeysException {
        var keys = new ArrayList<PublicKey>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            keys.add(key(block.group(1), block.group(2)));
        }
        if (keys.size() != text.split(BEGIN, -1).length - 1) {
            throw new TokenKeysException("a block of it is damaged");
        }
        if (keys.isEmpty()) {
            throw new TokenKeysException("there is no public key in it, as PEM or as a JWKS");
        }
        return keys;
    }

    private static PublicKey key(String label, String base64) throws TokenKeysException {
        if (label.endsWith("PRIVATE KEY")) {
            throw new TokenKeysException(
                    "there is a private key in it; only the issuer should have that"
                            + " (openssl pkey -in FILE -pubout)");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new TokenKeysException("a block of it is not well-formed base64", e);
        }
        try {
            return switch (label) {
                case "PUBLIC KEY" -> decode(der);
                case "RSA PUBLIC KEY" ->
                        decode(
                                element(
                                        SEQUENCE,
                                        RSA_ALGORITHM,
                                        element(BIT_STRING, NO_UNUSED_BITS, der)));
                case "CERTIFICATE" ->
                        CertificateFactory.getInstance("X.509")
                                .generateCertificate(new ByteArrayInputStream(der))
                                .getPublicKey();
                default ->
                        throw new TokenKeysException(
                                "there is a %s in it, where public keys or certificates should be"
                                        .formatted(label));
            };
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new TokenKeysException("a %s of it cannot be used".formatted(label), e);
        }
    }

    private static PublicKey decode(byte[] der) throws GeneralSecurityException {
        var failure = new GeneralSecurityException("neither an RSA nor an EC nor an EdDSA key");
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePublic(new X509EncodedKeySpec(der));
            } catch (GeneralSecurityException e) {
                failure.addSuppressed(e);
            }
        }
        throw failure;
    }

    /** Tag, length (always of the long form, two bytes), value. */
    private static byte[] element(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer out = ByteBuffer.allocate(4 + length);
        out.put((byte) tag).put((byte) TWO_BYTES).putShort((short) length);
        for (byte[] part : parts) {
            out.put(part);
        }
        return out.array();
    }
}
