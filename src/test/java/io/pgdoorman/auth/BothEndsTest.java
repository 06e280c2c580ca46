package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two machines against each other: each method, form of secret and kind of knowledge. */
@ExtendWith(LeakCheck.class)
class BothEndsTest {
    private static final String CLEARTEXT =
            "AuthenticationCleartextPassword PasswordMessage AuthenticationOk";
    private static final String MD5 = "AuthenticationMD5Password PasswordMessage AuthenticationOk";
    private static final String SCRAM =
            "AuthenticationSASL SASLInitialResponse AuthenticationSASLContinue SASLResponse"
                    + " AuthenticationSASLFinal AuthenticationOk";

    private final Login login = new Login();

    @ParameterizedTest
    @CsvSource({
        "TRUST, plain, ok",
        "TRUST, md5, ok",
        "TRUST, scram, ok",
        "TRUST, none, ok",
        "TRUST, unusable, ok",
        "PASSWORD, plain, cleartext",
        "PASSWORD, md5, cleartext",
        "PASSWORD, scram, cleartext",
        "MD5, plain, md5",
        "MD5, md5, md5",
        "MD5, scram, scram",
        "SCRAM_SHA_256, plain, scram",
        "SCRAM_SHA_256, scram, scram",
        "BY_SECRET, plain, scram",
        "BY_SECRET, md5, md5",
        "BY_SECRET, scram, scram",
    })
    void letsInWhoKnowsThePassword(HbaMethod method, String secret, String exchange) {
        Login.Outcome outcome =
                login.run(
                        Login.asServer(method, stored(secret)),
                        Login.asClient(password(Login.PASSWORD)));

        assertThat(outcome.atServer()).isInstanceOf(ClientStep.Accepted.class);
        assertThat(outcome.atClient()).isEqualTo(new ServerStep.Done());
        assertThat(String.join(" ", login.messages)).isEqualTo(messages(exchange));
    }

    @ParameterizedTest
    @CsvSource({
        "PASSWORD, plain",
        "PASSWORD, md5",
        "PASSWORD, scram",
        "PASSWORD, none",
        "PASSWORD, unusable",
        "PASSWORD, unknown",
        "MD5, plain",
        "MD5, md5",
        "MD5, scram",
        "MD5, none",
        "MD5, unusable",
        "MD5, unknown",
        "SCRAM_SHA_256, plain",
        "SCRAM_SHA_256, md5",
        "SCRAM_SHA_256, scram",
        "SCRAM_SHA_256, none",
        "SCRAM_SHA_256, unusable",
        "SCRAM_SHA_256, unknown",
        "BY_SECRET, plain",
        "BY_SECRET, md5",
        "BY_SECRET, scram",
        "BY_SECRET, none",
        "BY_SECRET, unusable",
        "BY_SECRET, unknown",
    })
    void refusesWhoDoesNot(HbaMethod method, String secret) {
        Login.Outcome outcome =
                login.run(
                        Login.asServer(method, stored(secret)), Login.asClient(password("wrong")));

        assertThat(outcome.atServer()).isInstanceOf(ClientStep.Refused.class);
        var error = ((ClientStep.Refused) outcome.atServer()).error();
        assertThat(error.sqlState()).isEqualTo("28P01");
        assertThat(error.message()).isEqualTo("password authentication failed for user \"alice\"");
        assertThat(error.fields().detail()).isNull();
        assertThat(error.isFatal()).isTrue();
    }

    /** The unusual forms must not be let in by the password that would fit a usable one. */
    @ParameterizedTest
    @CsvSource({
        "PASSWORD, none",
        "PASSWORD, unusable",
        "PASSWORD, unknown",
        "MD5, none",
        "MD5, unusable",
        "MD5, unknown",
        "SCRAM_SHA_256, md5",
        "SCRAM_SHA_256, none",
        "SCRAM_SHA_256, unusable",
        "SCRAM_SHA_256, unknown",
        "BY_SECRET, none",
        "BY_SECRET, unusable",
        "BY_SECRET, unknown",
    })
    void refusesEvenTheRightPasswordWhereNoneCanFit(HbaMethod method, String secret) {
        for (boolean md5 : new boolean[] {false, true}) {
            Login.Outcome outcome =
                    new Login()
                            .run(
                                    Login.asServer(Login.context(md5), method, stored(secret)),
                                    Login.asClient(password(Login.PASSWORD)));

            assertThat(outcome.atServer()).isInstanceOf(ClientStep.Refused.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"false, SASLResponse", "true, PasswordMessage"})
    void unknownUsersGetTheExchangeThatMostUsersGet(boolean md5, String lastMessage) {
        login.run(
                Login.asServer(Login.context(md5), HbaMethod.BY_SECRET, null),
                Login.asClient(password("wrong")));

        assertThat(login.messages.getLast()).isEqualTo(lastMessage);
    }

    @ParameterizedTest
    @CsvSource({
        // what the first server holds, how it asks, what the second server holds, how it asks
        "plain, SCRAM_SHA_256, plain, SCRAM_SHA_256",
        "plain, SCRAM_SHA_256, scram, SCRAM_SHA_256",
        "plain, MD5, md5, MD5",
        "plain, PASSWORD, plain, PASSWORD",
        "md5, MD5, md5, MD5",
        "md5, PASSWORD, scram, SCRAM_SHA_256",
        "scram, SCRAM_SHA_256, scram, SCRAM_SHA_256",
        "scram, MD5, scram, SCRAM_SHA_256",
        "scram, PASSWORD, plain, SCRAM_SHA_256",
        "scram, SCRAM_SHA_256, scram, TRUST",
        "md5, TRUST, md5, MD5",
        "plain, TRUST, scram, SCRAM_SHA_256",
    })
    void passesALoginThrough(
            String secret, HbaMethod method, String serverSecret, HbaMethod serverMethod) {
        Login.Outcome first =
                login.run(
                        Login.asServer(method, stored(secret)),
                        Login.asClient(password(Login.PASSWORD)));
        ServerCredential learned = ((ClientStep.Accepted) first.atServer()).credential();

        Login.Outcome second =
                new Login()
                        .run(
                                Login.asServer(serverMethod, stored(serverSecret)),
                                Login.asClient(learned));

        assertThat(second.atServer()).isInstanceOf(ClientStep.Accepted.class);
        assertThat(second.atClient()).isEqualTo(new ServerStep.Done());
    }

    @ParameterizedTest
    @CsvSource({
        "scram, SCRAM_SHA_256, scram-other-salt, SCRAM_SHA_256, its SCRAM secret is not the one the client logged in with",
        "scram, SCRAM_SHA_256, md5, MD5, 'it asks for MD5, but only a SCRAM key is known'",
        "scram, SCRAM_SHA_256, md5, PASSWORD, 'it asks for the password in clear text, but only a SCRAM key is known'",
        "md5, MD5, scram, SCRAM_SHA_256, 'it asks for SCRAM-SHA-256, but only an MD5 hash is known'",
        "md5, MD5, md5, PASSWORD, 'it asks for the password in clear text, but only an MD5 hash is known'",
        "none, TRUST, md5, MD5, 'it asks for MD5, but no password is known'",
        "scram, TRUST, scram, SCRAM_SHA_256, 'it asks for SCRAM-SHA-256, but no password is known'",
    })
    void saysWhyALoginCannotBePassedThrough(
            String secret,
            HbaMethod method,
            String serverSecret,
            HbaMethod serverMethod,
            String reason) {
        Login.Outcome first =
                login.run(
                        Login.asServer(method, stored(secret)),
                        Login.asClient(password(Login.PASSWORD)));
        ServerCredential learned = ((ClientStep.Accepted) first.atServer()).credential();

        Login.Outcome second =
                new Login()
                        .run(
                                Login.asServer(serverMethod, stored(serverSecret)),
                                Login.asClient(learned));

        assertThat(second.atClient()).isInstanceOf(ServerStep.Failed.class);
        assertThat(((ServerStep.Failed) second.atClient()).reason())
                .contains("cannot log in to the server as \"alice\"")
                .endsWith(reason);
    }

    @Test
    void serverThatDoesNotKnowTheVerifierIsFoundOut() {
        StoredSecret.Scram known = Login.scram();
        var impostor =
                new StoredSecret.Scram(
                        known.iterations(),
                        known.salt(),
                        known.storedKey(),
                        Bytes.copyOf(new byte[32]));

        Login.Outcome outcome =
                login.run(
                        Login.asServer(HbaMethod.SCRAM_SHA_256, impostor),
                        Login.asClient(password(Login.PASSWORD)));

        assertThat(outcome.atServer()).isInstanceOf(ClientStep.Accepted.class);
        assertThat(outcome.atClient())
                .isEqualTo(
                        new ServerStep.Failed(
                                "28000",
                                "the server did not prove that it knows the SCRAM secret of"
                                        + " \"alice\""));
    }

    @Test
    void passwordsMayHaveAnyBytes() {
        var odd = new StoredSecret.Plain(Bytes.copyOf(new byte[] {1, (byte) 0xff, (byte) 0xc3}));

        for (HbaMethod method :
                new HbaMethod[] {HbaMethod.PASSWORD, HbaMethod.MD5, HbaMethod.SCRAM_SHA_256}) {
            Login.Outcome outcome =
                    new Login()
                            .run(
                                    Login.asServer(method, odd),
                                    Login.asClient(new ServerCredential.Plain(odd.password())));

            assertThat(outcome.atClient()).isEqualTo(new ServerStep.Done());
        }
    }

    private static String messages(String exchange) {
        return switch (exchange) {
            case "ok" -> "AuthenticationOk";
            case "cleartext" -> CLEARTEXT;
            case "md5" -> MD5;
            case "scram" -> SCRAM;
            default -> throw new IllegalArgumentException(exchange);
        };
    }

    private static ServerCredential password(String text) {
        return new ServerCredential.Plain(Bytes.ofText(text));
    }

    private static @Nullable StoredSecret stored(String form) {
        return switch (form) {
            case "plain" -> Login.plain();
            case "md5" -> Login.md5();
            case "scram" -> Login.scram();
            case "scram-other-salt" -> {
                Bytes salt = Bytes.ofText("another salt");
                ScramKeys keys = ScramKeys.derive(Bytes.ofText(Login.PASSWORD), salt, 128);
                yield new StoredSecret.Scram(128, salt, keys.storedKey(), keys.serverKey());
            }
            case "none" -> new StoredSecret.None();
            case "unusable" -> new StoredSecret.Unusable("broken");
            case "unknown" -> null;
            default -> throw new IllegalArgumentException(form);
        };
    }
}
