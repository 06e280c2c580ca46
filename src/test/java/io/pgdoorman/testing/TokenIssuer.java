package io.pgdoorman.testing;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Arrays;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs tokens with the JDK alone, so that what verifies them is tried against another
 * implementation. Threads: any thread, because it is immutable.
 */
public final class TokenIssuer {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final KeyPair keys;

    private TokenIssuer(KeyPair keys) {
        this.keys = keys;
    }

    public static TokenIssuer rsa(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return new TokenIssuer(generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** On a curve such as {@code secp256r1}. */
    public static TokenIssuer ec(String curve) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(curve));
            return new TokenIssuer(generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public static TokenIssuer of(String algorithm) {
        try {
            return new TokenIssuer(KeyPairGenerator.getInstance(algorithm).generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- tokens ---------------------------------------------------------------------------------

    /** Signed as {@code algorithm} of RFC 7518 says, without {@code kid}. */
    public String token(String algorithm, String claims) {
        return signed("{\"alg\":\"%s\"}".formatted(algorithm), algorithm, claims);
    }

    public String token(String algorithm, String keyId, String claims) {
        return signed(
                "{\"alg\":\"%s\",\"kid\":\"%s\"}".formatted(algorithm, keyId), algorithm, claims);
    }

    /** With a header that need not say how it is signed. */
    public String signed(String header, String algorithm, String claims) {
        String input = base64(header) + '.' + base64(claims);
        byte[] signature;
        try {
            signature =
                    algorithm.startsWith("HS")
                            ? hmac(input)
                            : sign(algorithm, input.getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return input + '.' + BASE64.encodeToString(signature);
    }

    private byte[] sign(String algorithm, byte[] input) throws GeneralSecurityException {
        String bits = algorithm.substring(2);
        Signature signature;
        if (algorithm.startsWith("RS")) {
            signature = Signature.getInstance("SHA" + bits + "withRSA");
        } else if (algorithm.startsWith("PS")) {
            signature = Signature.getInstance("RSASSA-PSS");
            String hash = "SHA-" + bits;
            signature.setParameter(
                    new PSSParameterSpec(
                            hash,
                            "MGF1",
                            new MGF1ParameterSpec(hash),
                            Integer.parseInt(bits) / 8,
                            PSSParameterSpec.TRAILER_FIELD_BC));
        } else if (algorithm.startsWith("ES")) {
            signature = Signature.getInstance("SHA" + bits + "withECDSAinP1363Format");
        } else {
            signature = Signature.getInstance("EdDSA");
        }
        signature.initSign(keys.getPrivate());
        signature.update(input);
        return signature.sign();
    }

    /** The attack: what everybody may know taken for a secret. */
    private byte[] hmac(String input) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(pem().getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
        return mac.doFinal(input.getBytes(StandardCharsets.US_ASCII));
    }

    private static String base64(String text) {
        return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    // ---- keys -----------------------------------------------------------------------------------

    /** The public key. */
    public String pem() {
        return pem("PUBLIC KEY", keys.getPublic().getEncoded());
    }

    /** The private key, which should be nowhere. */
    public String privatePem() {
        return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
    }

    /** The public key as older programs write it; of RSA keys. */
    public String rsaPem() {
        byte[] encoded = keys.getPublic().getEncoded();
        int algorithmBytes = 24; // what comes before the key itself in a SubjectPublicKeyInfo
        return pem("RSA PUBLIC KEY", Arrays.copyOfRange(encoded, algorithmBytes, encoded.length));
    }

    private static String pem(String label, byte[] der) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(label, lines, label);
    }

    /**
     * The public key as a JWK; of RSA keys and on P-256.
     *
     * @param others further members, as {@code "kid":"a"}
     */
    public String jwk(String others) {
        return switch (keys.getPublic()) {
            case RSAPublicKey rsa ->
                    "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\",%s}"
                            .formatted(
                                    number(rsa.getModulus(), 0),
                                    number(rsa.getPublicExponent(), 0),
                                    others);
            case ECPublicKey ec ->
                    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",%s}"
                            .formatted(
                                    number(ec.getW().getAffineX(), 32),
                                    number(ec.getW().getAffineY(), 32),
                                    others);
            default -> throw new IllegalStateException("not that type");
        };
    }

    private static String number(BigInteger number, int bytes) {
        byte[] raw = number.toByteArray();
        byte[] plain = raw[0] == 0 ? Arrays.copyOfRange(raw, 1, raw.length) : raw;
        byte[] padded = new byte[Math.max(bytes, plain.length)];
        System.arraycopy(plain, 0, padded, padded.length - plain.length, plain.length);
        return BASE64.encodeToString(padded);
    }
}
