package io.pgdoorman.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.auth.Authority.Verdict;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.testing.TokenIssuer;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;

/** Which tokens count, and why others do not. */
class TokenAuthorityTest {
    private static final TokenIssuer RSA = TokenIssuer.rsa(2048);
    private static final TokenIssuer P256 = TokenIssuer.ec("secp256r1");
    private static final TokenIssuer P384 = TokenIssuer.ec("secp384r1");
    private static final TokenIssuer P521 = TokenIssuer.ec("secp521r1");
    private static final TokenIssuer ED25519 = TokenIssuer.of("Ed25519");

    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final long SECOND = NOW.getEpochSecond();
    private static final String ALICE =
            "{\"preferred_username\":\"alice\",\"exp\":%d}".formatted(SECOND + 60);

    @TempDir Path directory;

    private TokenAuthority authority(TokenRules rules, String keys) {
        try {
            Path file = Files.writeString(directory.resolve("keys.pem"), keys);
            return new TokenAuthority(
                    TokenKeys.read(file), rules, Runnable::run, InstantSource.fixed(NOW));
        } catch (IOException | TokenKeysException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private Verdict verdict(TokenRules rules, String keys, String token) {
        return authority(rules, keys)
                .ask(new ClientLogin("alice", "app", "1.2.3.4:5", true), Bytes.ofText(token))
                .join();
    }

    private Verdict verdict(String token) {
        return verdict(TokenRules.DEFAULT, RSA.pem(), token);
    }

    private static Verdict refused(String reason) {
        return new Verdict.Unknown(reason);
    }

    // ---- algorithms -----------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(
            strings = {
                "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
                "EdDSA"
            })
    void everyAlgorithmOfAnyKeyInTheFileIsVerified(String algorithm) {
        TokenIssuer issuer =
                switch (algorithm) {
                    case "ES256" -> P256;
                    case "ES384" -> P384;
                    case "ES512" -> P521;
                    case "EdDSA" -> ED25519;
                    default -> RSA;
                };
        String all = RSA.pem() + P256.pem() + P384.pem() + P521.pem() + ED25519.pem();

        String good = issuer.token(algorithm, ALICE);
        String forged = good.substring(0, good.lastIndexOf('.') + 1) + "AAAA";

        assertThat(verdict(TokenRules.DEFAULT, all, good)).isEqualTo(new Verdict.Known("alice"));
        assertThat(verdict(TokenRules.DEFAULT, all, forged))
                .isEqualTo(refused("the signature of the token does not fit"));
    }

    @Test
    void aTokenOfAnotherKeyOrWithAnotherContentIsRefused() {
        String[] good = RSA.token("RS256", ALICE).split("\\.");
        String[] other = RSA.token("RS256", ALICE.replace("alice", "bob")).split("\\.");
        Verdict expected = refused("the signature of the token does not fit");

        assertThat(verdict(TokenIssuer.rsa(2048).token("RS256", ALICE))).isEqualTo(expected);
        assertThat(verdict(good[0] + '.' + other[1] + '.' + good[2])).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "None", "NONE", "HS256", "HS384", "HS512", "ES256", "EdDSA"})
    void whatTheKeyIsDecidesTheAlgorithmAndNotTheToken(String algorithm) {
        String header = "{\"alg\":\"%s\"}".formatted(algorithm);
        // signed with the public key as a secret, as which no key may count
        String confused = RSA.signed(header, "HS256", ALICE);
        String unsigned = confused.substring(0, confused.lastIndexOf('.') + 1);
        Verdict expected =
                refused(
                        "the token is signed by algorithm \"%s\", which no key is for"
                                .formatted(algorithm));

        assertThat(verdict(confused)).isEqualTo(expected);
        assertThat(verdict(unsigned)).isEqualTo(expected);
    }

    @Test
    void anEmptySignatureFitsNothing() {
        String good = RSA.token("RS256", ALICE);

        assertThat(verdict(good.substring(0, good.lastIndexOf('.') + 1)))
                .isInstanceOf(Verdict.Unknown.class);
    }

    @Test
    void aKeyThatTheTokenBringsAlongIsNotUsed() {
        TokenIssuer attacker = TokenIssuer.rsa(2048);
        String header = "{\"alg\":\"RS256\",\"jwk\":" + attacker.jwk("\"use\":\"sig\"") + "}";

        assertThat(verdict(attacker.signed(header, "RS256", ALICE)))
                .isEqualTo(refused("the signature of the token does not fit"));
    }

    @Test
    void aCriticalHeaderThatIsNotUnderstoodRefusesTheToken() {
        String header = "{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}";

        assertThat(verdict(RSA.signed(header, "RS256", ALICE))).isInstanceOf(Verdict.Unknown.class);
    }

    // ---- form -----------------------------------------------------------------------------------

    static List<String> garbage() {
        return List.of(
                "x",
                "secret",
                ".",
                "..",
                "...",
                "a.b.c",
                "a.b.c.d.e",
                "eyJhbGciOiJSUzI1NiJ9..",
                "W10.W10.W10",
                "\u00e9\u0001\n.\u00ff.x",
                RSA.token("RS256", ALICE) + ".x",
                RSA.signed("{\"alg\":1}", "RS256", ALICE),
                RSA.signed("{\"alg\":null}", "RS256", ALICE),
                RSA.signed("{}", "RS256", ALICE),
                RSA.signed("{\"alg\":\"RS256\",\"kid\":7}", "RS256", ALICE),
                RSA.signed("{\"alg\":\"RS256\"", "RS256", ALICE),
                RSA.token("RS256", "no JSON"),
                RSA.token("RS256", "[]"),
                RSA.token("RS256", "\"alice\""),
                RSA.token("RS256", "{\"exp\":" + "[".repeat(5_000)),
                RSA.signed("{\"a\":" + "[".repeat(5_000), "RS256", ALICE));
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void garbageIsRefusedAndNotRepeated(String token) {
        Verdict verdict = verdict(token);

        assertThat(verdict).isInstanceOf(Verdict.Unknown.class);
        if (token.length() > 20) {
            assertThat(verdict.toString()).doesNotContain(token.substring(0, 20));
        }
    }

    @Test
    void aHugeTokenIsRefusedUnread() {
        String padding = "x".repeat(TokenVerifier.MAX_TOKEN_BYTES);
        String claims = ALICE.replace("}", ",\"x\":\"" + padding + "\"}");

        assertThat(verdict(RSA.token("RS256", claims)).toString()).contains("more than 16384");
    }

    // ---- time -----------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "-29, 0, alice",
        "-30, 0, the token expired at 2026-06-01T11:59:30Z",
        "60, 30, alice",
        "60, 31, the token does not hold before 2026-06-01T12:00:31Z",
        "9000000000000000000, 0, alice",
        "60, 9000000000000000000, the token does not hold before 9000000000000000000",
    })
    void aTokenCountsInItsTimeAndAHalfMinuteAround(long end, long begin, String expected) {
        String claims =
                "{\"preferred_username\":\"alice\",\"exp\":%d,\"nbf\":%d}"
                        .formatted(saturated(end), saturated(begin));

        Verdict verdict = verdict(RSA.token("RS256", claims));

        assertThat(verdict.toString()).contains(expected);
    }

    private static long saturated(long seconds) {
        return seconds > 1_000_000_000_000L ? 9_000_000_000_000_000_000L : SECOND + seconds;
    }

    @Test
    void theSkewOfTheRulesCounts() {
        var exact = new TokenRules("sub", Optional.empty(), Optional.empty(), Duration.ZERO);
        String claims = "{\"sub\":\"alice\",\"exp\":%d}";

        assertThat(verdict(exact, RSA.pem(), RSA.token("RS256", claims.formatted(SECOND + 1))))
                .isEqualTo(new Verdict.Known("alice"));
        assertThat(verdict(exact, RSA.pem(), RSA.token("RS256", claims.formatted(SECOND))))
                .isEqualTo(refused("the token expired at 2026-06-01T12:00:00Z"));
    }

    // ---- claims ---------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"preferred_username\":\"alice\"}"
                        + "|the token has no exp, so it would hold for ever",
                "{\"preferred_username\":\"alice\",\"exp\":\"soon\"}"
                        + "|a claim of the token is not of its type",
                "{\"preferred_username\":\"alice\",\"exp\":9999999999,\"nbf\":true}"
                        + "|a claim of the token is not of its type",
                "{\"exp\":9999999999}|the token has no claim preferred_username",
                "{\"preferred_username\":1,\"exp\":9999999999}"
                        + "|the claim preferred_username of the token is not a name",
                "{\"preferred_username\":[\"alice\"],\"exp\":9999999999}"
                        + "|the claim preferred_username of the token is not a name",
                "{\"preferred_username\":{\"a\":1},\"exp\":9999999999}"
                        + "|the claim preferred_username of the token is not a name",
                "{\"preferred_username\":\"\",\"exp\":9999999999}"
                        + "|the claim preferred_username of the token is not a name",
            })
    void claimsMustBeThereAndOfTheirType(String claims, String reason) {
        assertThat(verdict(RSA.token("RS256", claims))).isEqualTo(refused(reason));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"iss\":\"https://id\",\"aud\":\"pg\"|",
                "\"iss\":\"https://id\",\"aud\":[\"web\",\"pg\"]|",
                "\"aud\":\"pg\"|the token has no iss",
                "\"iss\":\"https://id/\",\"aud\":\"pg\"|the token is issued by \"https://id/\"",
                "\"iss\":[\"https://id\"],\"aud\":\"pg\"|a claim of the token is not of its type",
                "\"iss\":\"https://id\"|the token is not for pg (aud)",
                "\"iss\":\"https://id\",\"aud\":\"pgx\"|the token is not for pg (aud)",
                "\"iss\":\"https://id\",\"aud\":[]|the token is not for pg (aud)",
                "\"iss\":\"https://id\",\"aud\":{\"pg\":1}|a claim of the token is not of its type",
            })
    void issuerAndAudienceMustBeThoseOfTheRules(String members, String reason) {
        var rules =
                new TokenRules("sub", Optional.of("https://id"), Optional.of("pg"), Duration.ZERO);
        String claims = "{\"sub\":\"alice\",\"exp\":9999999999,%s}".formatted(members);

        Verdict verdict = verdict(rules, RSA.pem(), RSA.token("RS256", claims));

        assertThat(verdict)
                .isEqualTo(reason == null ? new Verdict.Known("alice") : refused(reason));
    }

    // ---- load -----------------------------------------------------------------------------------

    @Test
    void anExecutorWithTooMuchToDoFailsTheLoginAndNotTheCaller() throws Exception {
        Path file = Files.writeString(directory.resolve("keys.pem"), RSA.pem());
        var authority =
                new TokenAuthority(
                        TokenKeys.read(file),
                        TokenRules.DEFAULT,
                        _ -> {
                            throw new RejectedExecutionException();
                        },
                        InstantSource.fixed(NOW));

        var asked =
                authority.ask(
                        new ClientLogin("alice", "app", "1.2.3.4:5", true),
                        Bytes.ofText(RSA.token("RS256", ALICE)));

        assertThatThrownBy(asked::get)
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("too many logins");
    }
}
