package io.pgdoorman.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;

class TokenSignerTest {
    @TempDir Path home;

    private Path write(KeyPair keys) throws IOException {
        Path file = home.resolve("key.pem");
        Files.writeString(
                file,
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        return file;
    }

    private static KeyPair keys(String algorithm, String parameter) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        if (algorithm.equals("RSA")) {
            generator.initialize(Integer.parseInt(parameter));
        } else if (algorithm.equals("EC")) {
            generator.initialize(new ECGenParameterSpec(parameter));
        }
        return generator.generateKeyPair();
    }

    private static String decoded(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }

    /** The JDK checks the signature, the library the claims. */
    @ParameterizedTest
    @CsvSource({
        "RSA, 2048, RS256, SHA256withRSA",
        "EC, secp256r1, ES256, SHA256withECDSAinP1363Format",
        "EC, secp384r1, ES384, SHA384withECDSAinP1363Format",
        "Ed25519, '', EdDSA, Ed25519"
    })
    void theKeyDecidesTheAlgorithm(
            String kind, String parameter, String algorithm, String signature) throws Exception {
        KeyPair keys = keys(kind, parameter);

        String token = TokenSigner.of(write(keys)).sign("app_role", Instant.now());

        String[] parts = token.split("\\.");
        assertThat(decoded(parts[0]))
                .isEqualTo("{\"typ\":\"JWT\",\"alg\":\"%s\"}".formatted(algorithm));
        assertThat(isSigned(parts, keys.getPublic(), signature)).isTrue();
        JwtClaims claims =
                new JwtConsumerBuilder()
                        .setVerificationKey(keys.getPublic())
                        .setJwsAlgorithmConstraints(
                                AlgorithmConstraints.ConstraintType.PERMIT, algorithm)
                        .setRequireExpirationTime()
                        .setRequireIssuedAt()
                        .build()
                        .processToClaims(token);
        assertThat(claims.getStringClaimValue("preferred_username")).isEqualTo("app_role");
    }

    private static boolean isSigned(String[] parts, PublicKey key, String algorithm)
            throws Exception {
        Signature check = Signature.getInstance(algorithm);
        check.initVerify(key);
        check.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        return check.verify(Base64.getUrlDecoder().decode(parts[2]));
    }

    @Test
    void aTokenCountsForTwoMinutes() throws Exception {
        TokenSigner signer = TokenSigner.of(write(keys("Ed25519", "")));

        String token = signer.sign("a\"b", Instant.ofEpochSecond(1_000));

        assertThat(decoded(token.split("\\.")[1]))
                .isEqualTo("{\"preferred_username\":\"a\\\"b\",\"iat\":1000,\"exp\":1120}");
    }

    @Test
    void keysThatCannotSignAreNamed() throws Exception {
        Path rubbish = Files.writeString(home.resolve("rubbish"), "no key");
        Path x25519 = write(keys("X25519", ""));

        assertThatThrownBy(() -> TokenSigner.of(rubbish))
                .isInstanceOf(SecretException.class)
                .hasMessage(rubbish + ": there is no private key in PEM form in it");
        assertThatThrownBy(() -> TokenSigner.of(x25519)).isInstanceOf(SecretException.class);
        assertThatThrownBy(
                        () -> TokenSigner.of(write(keys("RSA", "1024"))).sign("u", Instant.now()))
                .isInstanceOf(SecretException.class)
                .hasMessageContaining("2048");
    }
}
