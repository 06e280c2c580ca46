package io.pgdoorman.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.TokenIssuer;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/** The forms of files of keys, and which key a token gets. */
class TokenKeysTest {
    private static final TokenIssuer RSA = TokenIssuer.rsa(2048);
    private static final TokenIssuer OTHER = TokenIssuer.rsa(2048);
    private static final TokenIssuer P256 = TokenIssuer.ec("secp256r1");

    @TempDir Path directory;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static List<String> ids(TokenKeys keys, String algorithm, String kid)
            throws TokenException {
        return keys.candidates(algorithm, kid).stream().map(TokenKey::id).toList();
    }

    // ---- forms ----------------------------------------------------------------------------------

    @Test
    void aFileOfBeforePkcs8HoldsTheSameKey() throws Exception {
        TokenKeys old = TokenKeys.read(write("old.pem", RSA.rsaPem()));
        TokenKeys present = TokenKeys.read(write("new.pem", "# of 2026\n" + RSA.pem()));

        assertThat(old).isEqualTo(present).hasSameHashCodeAs(present);
    }

    @Test
    void aCertificateGivesItsKey() throws Exception {
        TokenKeys rsa = TokenKeys.read(Certificates.copy("server-rsa.crt", directory));
        TokenKeys ec = TokenKeys.read(Certificates.copy("server.crt", directory));

        assertThat(rsa.candidates("PS512", null)).hasSize(1);
        assertThat(ec.candidates("ES256", null)).hasSize(1);
    }

    @Test
    void keysWithoutAnIdAreTriedWhateverTheTokenNames() throws Exception {
        TokenKeys keys = TokenKeys.read(write("a.pem", RSA.pem() + OTHER.pem() + P256.pem()));

        assertThat(ids(keys, "RS256", "anything")).containsExactly("", "");
        assertThat(keys.candidates("ES256", null)).hasSize(1);
    }

    @Test
    void aDirectoryGivesFilesNamesAsIds() throws Exception {
        write("2025.pem", OTHER.pem());
        write("2026.01.pem", RSA.pem());
        write("ec.pub", P256.pem());
        write(".hidden.pem", "no key");
        write("README", "no key");

        TokenKeys keys = TokenKeys.read(directory);

        assertThat(ids(keys, "RS256", "2025")).containsExactly("2025");
        assertThat(ids(keys, "RS256", "2026.01")).containsExactly("2026.01");
        assertThat(ids(keys, "RS512", null)).containsExactlyInAnyOrder("2025", "2026.01");
        assertThatThrownBy(() -> ids(keys, "RS256", "ec"))
                .hasMessage("the token names the key \"ec\", which is unknown");
        assertThatThrownBy(() -> ids(keys, "RS256", "x\n\"y"))
                .hasMessage("the token names the key \"x??y\", which is unknown");
    }

    @Test
    void aJwksGivesTheKeysForSignatures() throws Exception {
        String jwks =
                "{\"keys\":[%s,%s,%s,%s,{\"kty\":\"AKP\",\"kid\":\"new\"}]}"
                        .formatted(
                                RSA.jwk("\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"RS512\""),
                                OTHER.jwk("\"kid\":\"b\",\"use\":\"enc\""),
                                OTHER.jwk("\"kid\":\"c\",\"key_ops\":[\"encrypt\"]"),
                                P256.jwk("\"kid\":\"d\""));

        TokenKeys keys = TokenKeys.read(write("jwks.json", jwks));

        assertThat(ids(keys, "RS512", null)).containsExactly("a");
        assertThat(ids(keys, "ES256", "d")).containsExactly("d");
        assertThatThrownBy(() -> ids(keys, "RS256", "a")).hasMessageContaining("no key is for");
    }

    @Test
    void aTokenThatNamesNoKeyIsNotTriedWithVeryMany() throws Exception {
        TokenKeys keys = TokenKeys.read(write("a.pem", RSA.pem().repeat(17)));
        var verifier = new TokenVerifier(keys, TokenRules.DEFAULT, InstantSource.system());
        String token = RSA.token("RS256", "{\"exp\":9999999999}");

        assertThatThrownBy(() -> verifier.verify(Bytes.ofText(token)))
                .hasMessage("the token does not say which of 17 keys it is signed by");
    }

    @Test
    void aRotatedKeyMakesAnotherValue() throws Exception {
        TokenKeys before = TokenKeys.read(write("a.pem", RSA.pem()));

        assertThat(TokenKeys.read(write("a.pem", RSA.pem()))).isEqualTo(before);
        assertThat(TokenKeys.read(write("a.pem", OTHER.pem()))).isNotEqualTo(before);
    }

    // ---- errors ---------------------------------------------------------------------------------

    record Bad(String text, String reason) {}

    static List<Bad> badFiles() {
        String half = RSA.pem().substring(0, 200);
        return List.of(
                new Bad("", "there is no public key in it"),
                new Bad("garbage", "there is no public key in it"),
                new Bad(half, "a block of it is damaged"),
                new Bad(RSA.pem() + half, "a block of it is damaged"),
                new Bad(RSA.pem().replace("MII", "???"), "cannot be used"),
                new Bad(
                        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                        "a PUBLIC KEY of it cannot be used"),
                new Bad(
                        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                        "a CERTIFICATE of it cannot be used"),
                new Bad(RSA.privatePem(), "there is a private key in it"),
                new Bad(TokenIssuer.rsa(1024).pem(), "1024 bits is too weak"),
                new Bad(TokenIssuer.of("X25519").pem(), "cannot be used"),
                new Bad("x".repeat((1 << 20) + 1), "is longer than"),
                new Bad("{", "is not well-formed JSON"),
                new Bad("{}", "it has no list keys"),
                new Bad("{\"keys\":[]}", "no key of it verifies signatures"),
                new Bad("{\"keys\":[1]}", "keys[0]: is not an object"),
                new Bad("{\"keys\":[{}]}", "keys[0]: is not a well-formed JWK"),
                new Bad(
                        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\"}]}",
                        "keys[0]: is not a well-formed JWK"),
                new Bad("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "keys[0]: is a secret"),
                new Bad(
                        "{\"keys\":[%s]}".formatted(RSA.jwk("\"alg\":\"HS256\"")),
                        "is for algorithm HS256"));
    }

    @ParameterizedTest
    @MethodSource("badFiles")
    void aBadFileIsNamedWithTheReason(Bad bad) throws IOException {
        Path file = write("bad.pem", bad.text());

        assertThatThrownBy(() -> TokenKeys.read(file))
                .isInstanceOf(TokenKeysException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(bad.reason());
    }

    @Test
    void whatCannotBeReadIsNamed() throws IOException {
        Path missing = directory.resolve("missing.pem");
        Path empty = Files.createDirectory(directory.resolve("empty"));

        assertThatThrownBy(() -> TokenKeys.read(missing))
                .hasMessage(missing + ": there is no such file");
        assertThatThrownBy(() -> TokenKeys.read(empty))
                .hasMessageStartingWith(empty + ": there is no file in it");
    }
}
