package io.pgdoorman.secret;

import io.pgdoorman.tls.Pem;

import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.lang.JoseException;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;

/**
 * Makes the tokens by which servers log in: the claim {@code preferred_username} names the role.
 * The kind of the key decides the algorithm. Threads: immutable; signing takes a millisecond.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>
 */
final class TokenSigner {
    /** From making a token to the end of the login; clocks may differ a little. */
    static final Duration LIFETIME = Duration.ofMinutes(2);

    private final PrivateKey key;
    private final String algorithm;

    private TokenSigner(PrivateKey key, String algorithm) {
        this.key = key;
        this.algorithm = algorithm;
    }

    /** With the private key in a file, PEM. */
    static TokenSigner of(Path file) throws SecretException {
        try {
            PrivateKey key = Pem.privateKey(SecretFiles.bytes(file));
            return new TokenSigner(key, algorithm(key));
        } catch (GeneralSecurityException e) {
            throw new SecretException(file + ": " + e.getMessage(), e);
        }
    }

    private static String algorithm(PrivateKey key) throws GeneralSecurityException {
        return switch (key.getAlgorithm()) {
            case "RSA" -> AlgorithmIdentifiers.RSA_USING_SHA256;
            case "EC" ->
                    switch (((ECPrivateKey) key).getParams().getCurve().getField().getFieldSize()) {
                        case 256 -> AlgorithmIdentifiers.ECDSA_USING_P256_CURVE_AND_SHA256;
                        case 384 -> AlgorithmIdentifiers.ECDSA_USING_P384_CURVE_AND_SHA384;
                        case 521 -> AlgorithmIdentifiers.ECDSA_USING_P521_CURVE_AND_SHA512;
                        default ->
                                throw new GeneralSecurityException(
                                        "tokens are not signed on this curve; use P-256");
                    };
            case "EdDSA", "Ed25519" -> AlgorithmIdentifiers.EDDSA;
            default ->
                    throw new GeneralSecurityException(
                            "tokens are signed with RSA, EC or Ed25519 keys");
        };
    }

    String sign(String user, Instant now) throws SecretException {
        var claims = new JwtClaims();
        claims.setClaim("preferred_username", user);
        claims.setIssuedAt(NumericDate.fromSeconds(now.getEpochSecond()));
        claims.setExpirationTime(NumericDate.fromSeconds(now.plus(LIFETIME).getEpochSecond()));
        var token = new JsonWebSignature();
        token.setHeader("typ", "JWT");
        token.setAlgorithmHeaderValue(algorithm);
        token.setPayload(claims.toJson());
        token.setKey(key);
        try {
            return token.getCompactSerialization();
        } catch (JoseException e) {
            throw new SecretException("a token could not be signed: " + e.getMessage(), e);
        }
    }
}
