package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.AuthenticationMD5Password;
import io.pgdoorman.wire.backend.AuthenticationOk;
import io.pgdoorman.wire.backend.AuthenticationSASL;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.frontend.PasswordMessage;
import io.pgdoorman.wire.frontend.SASLInitialResponse;
import io.pgdoorman.wire.frontend.SASLResponse;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;
import java.util.List;

/** What clients get to see: challenges, errors and what is learned from them. */
@ExtendWith(LeakCheck.class)
class ClientAuthenticationTest {
    private static final String CLIENT_FIRST = "n,,n=,r=clientnonce";

    @Test
    void namesPeerAndTlsWhenHbaRefuses() {
        var server =
                new ClientAuthentication(
                        Login.context(),
                        new LoginRandom(Login.context(), new byte[0]),
                        new ClientLogin("bob", "shop", "192.0.2.7:5555", true),
                        LoginRule.of(HbaMethod.REJECT),
                        Login.plain());

        var refused = (ClientStep.Refused) server.begin();

        assertThat(refused.error().sqlState()).isEqualTo("28000");
        assertThat(refused.error().message())
                .isEqualTo(
                        "Connection from 192.0.2.7:5555 to bob@shop (TLS: true) is not permitted by"
                                + " HBA configuration. Please contact your database administrator.");
    }

    @Test
    void trustDoesNotMakeUsersUp() {
        var refused = (ClientStep.Refused) Login.asServer(HbaMethod.TRUST, null).begin();

        assertThat(refused.error().sqlState()).isEqualTo("28000");
        assertThat(refused.error().message()).isEqualTo("role \"alice\" does not exist");
    }

    @ParameterizedTest
    @CsvSource({
        "wrong, plain, wrong password",
        "wrong, none, user has no password",
        "wrong, unusable, broken",
        "wrong, unknown, user does not exist",
    })
    void tellsTheOperatorMoreThanTheClient(String password, String secret, String logReason) {
        ClientAuthentication server = Login.asServer(HbaMethod.PASSWORD, stored(secret));
        server.begin();

        var refused = (ClientStep.Refused) Login.deliver(server, new PasswordMessage(password));

        assertThat(refused.logReason()).isEqualTo(logReason);
        assertThat(refused.error().message())
                .isEqualTo("password authentication failed for user \"alice\"");
    }

    @Test
    void refusesAnEmptyPassword() {
        for (HbaMethod method : List.of(HbaMethod.PASSWORD, HbaMethod.MD5)) {
            ClientAuthentication server = Login.asServer(method, Login.md5());
            server.begin();

            var refused = (ClientStep.Refused) Login.deliver(server, new PasswordMessage(""));

            assertThat(refused.error().sqlState()).isEqualTo("28P01");
            assertThat(refused.error().message()).isEqualTo("empty password returned by client");
        }
    }

    @Test
    void md5SaltDiffersAtEachLogin() {
        AuthenticationContext context = Login.context(true);

        List<Bytes> salts =
                java.util.stream.IntStream.range(0, 20)
                        .mapToObj(_ -> Login.asServer(context, HbaMethod.MD5, null).begin())
                        .map(step -> (AuthenticationMD5Password) ((ClientStep.Send) step).message())
                        .map(AuthenticationMD5Password::salt)
                        .toList();

        assertThat(salts).doesNotHaveDuplicates();
    }

    @Test
    void unknownUserHasTheSameSaltAtEachLoginAndAsWithAPlainSecret() {
        AuthenticationContext context = Login.context();

        String first = saltShown(Login.asServer(context, HbaMethod.SCRAM_SHA_256, null));
        String second = saltShown(Login.asServer(context, HbaMethod.SCRAM_SHA_256, null));
        String plain = saltShown(Login.asServer(context, HbaMethod.SCRAM_SHA_256, Login.plain()));

        assertThat(second).isEqualTo(first);
        assertThat(plain).isEqualTo(first);
    }

    /** The kind of challenge would tell who exists. */
    @ParameterizedTest
    @CsvSource({
        "MD5, plain, MD5",
        "MD5, md5, MD5",
        "MD5, scram, SASL",
        "BY_SECRET, plain, SASL",
        "BY_SECRET, md5, MD5",
        "BY_SECRET, scram, SASL",
        "SCRAM_SHA_256, md5, SASL"
    })
    void asksUnknownUsersAsMostOthers(HbaMethod method, String others, String challenge) {
        AuthenticationContext context = Login.context();
        context.usual()
                .configured(List.of(secret(others), secret(others), new StoredSecret.None()));

        var unknown = (ClientStep.Send) Login.asServer(context, method, null).begin();

        assertThat(unknown.message().getClass().getSimpleName())
                .isEqualTo(
                        challenge.equals("MD5")
                                ? "AuthenticationMD5Password"
                                : "AuthenticationSASL");
    }

    private static StoredSecret secret(String kind) {
        return switch (kind) {
            case "plain" -> Login.plain();
            case "md5" -> Login.md5();
            default -> Login.scram();
        };
    }

    @Test
    void asksUnknownUsersForAsManyIterationsAsMostOthers() {
        AuthenticationContext context = Login.context();
        context.usual()
                .configured(
                        List.of(
                                new StoredSecret.Scram(
                                        20_000,
                                        Bytes.ofText("salt"),
                                        Bytes.copyOf(new byte[32]),
                                        Bytes.copyOf(new byte[32]))));

        String challenge = saltShown(Login.asServer(context, HbaMethod.SCRAM_SHA_256, null));

        assertThat(challenge).endsWith(",i=20000");
    }

    /** The time of a refusal would tell who exists. */
    @Test
    void derivesKeysForUnknownUsersIfItDoesForMostOthers() {
        AuthenticationContext context = Login.context();
        context.usual().found(Login.scram());
        ClientAuthentication server = Login.asServer(context, HbaMethod.PASSWORD, null);
        server.begin();

        ClientStep step = Login.deliver(server, new PasswordMessage("guess"));

        var derive = (ClientStep.Derive) step;
        var refused = (ClientStep.Refused) server.onDerived(derive.work().get());
        assertThat(refused.error().sqlState()).isEqualTo("28P01");
        assertThat(refused.logReason()).isEqualTo("user does not exist");
    }

    @Test
    void saltDependsOnUserAndProcess() {
        AuthenticationContext context = Login.context();
        var other =
                new AuthenticationContext(
                        new java.security.SecureRandom(),
                        new ScramKeyCache(1),
                        Bytes.ofText("a secret of another process"),
                        new UsualSecrets());

        assertThat(context.saltOf("bob")).isNotEqualTo(context.saltOf("alice"));
        assertThat(other.saltOf("alice")).isNotEqualTo(context.saltOf("alice"));
    }

    @Test
    void offersScramWithoutChannelBinding() {
        var step = (ClientStep.Send) Login.asServer(HbaMethod.SCRAM_SHA_256, null).begin();

        assertThat(step.message()).isEqualTo(new AuthenticationSASL(List.of("SCRAM-SHA-256")));
    }

    @Test
    void asksAgainWhenTheMechanismComesWithoutAResponse() {
        ClientAuthentication server = Login.asServer(HbaMethod.SCRAM_SHA_256, Login.scram());
        server.begin();

        ClientStep empty = Login.deliver(server, new SASLInitialResponse("SCRAM-SHA-256", null));
        ClientStep challenge = Login.deliver(server, new SASLResponse(Bytes.ofText(CLIENT_FIRST)));

        assertThat(empty)
                .isEqualTo(new ClientStep.Send(new AuthenticationSASLContinue(Bytes.EMPTY)));
        assertThat(text(challenge)).startsWith("r=clientnonce").endsWith(",i=128");
    }

    @Test
    void acceptsTheFlagOfAClientThatCouldBind() throws ScramException {
        ClientAuthentication server = Login.asServer(HbaMethod.SCRAM_SHA_256, Login.scram());
        server.begin();
        String first = "y,,n=ignored,r=clientnonce,x=ext";

        ClientStep step = proveTo(server, first);

        assertThat(step).isInstanceOf(ClientStep.Accepted.class);
    }

    @Test
    void endsWithTheServersProofAndOk() throws ScramException {
        ClientAuthentication server = Login.asServer(HbaMethod.SCRAM_SHA_256, Login.scram());
        server.begin();

        var accepted = (ClientStep.Accepted) proveTo(server, CLIENT_FIRST);

        assertThat(accepted.messages()).hasSize(2).last().isEqualTo(new AuthenticationOk());
        assertThat(accepted.credential())
                .isInstanceOf(ServerCredential.ScramClientKey.class)
                .hasToString("ScramClientKey[***]");
    }

    @Test
    void derivesTheKeysOfAPlainSecretOnce() throws ScramException {
        AuthenticationContext context = Login.context();
        ClientAuthentication first =
                Login.asServer(context, HbaMethod.SCRAM_SHA_256, Login.plain());
        first.begin();
        ClientAuthentication second =
                Login.asServer(context, HbaMethod.SCRAM_SHA_256, Login.plain());
        second.begin();

        ClientStep derive = proveTo(first, CLIENT_FIRST);
        ClientStep done = Login.settle(first, derive);
        ClientStep immediate = proveTo(second, CLIENT_FIRST);

        assertThat(derive).isInstanceOf(ClientStep.Derive.class);
        assertThat(done).isInstanceOf(ClientStep.Accepted.class);
        assertThat(immediate).isInstanceOf(ClientStep.Accepted.class);
    }

    @Test
    void remembersAPasswordOnlyIfItWasRight() {
        AuthenticationContext context = Login.context();
        for (String password : List.of("wrong", Login.PASSWORD)) {
            ClientAuthentication server =
                    Login.asServer(context, HbaMethod.PASSWORD, Login.scram());
            server.begin();
            Login.settle(server, Login.deliver(server, new PasswordMessage(password)));
        }

        assertThat(context.keys().size()).isEqualTo(1);
        assertThat(context.keys().find(Bytes.ofText(Login.PASSWORD), Login.SALT, Login.ITERATIONS))
                .isNotNull();
    }

    @Test
    void refusesAMessageThatIsTooLong() {
        ClientAuthentication atLimit = Login.asServer(HbaMethod.PASSWORD, Login.plain());
        atLimit.begin();
        ClientAuthentication above = Login.asServer(HbaMethod.PASSWORD, Login.plain());
        above.begin();

        var wrong = (ClientStep.Refused) Login.deliver(atLimit, passwordBody(65_535));
        var tooLong = (ClientStep.Refused) Login.deliver(above, passwordBody(65_536));

        assertThat(wrong.error().sqlState()).isEqualTo("28P01");
        assertThat(tooLong.error().sqlState()).isEqualTo("08P01");
    }

    private static byte[] passwordBody(int length) {
        byte[] body = new byte[length];
        Arrays.fill(body, 0, length - 1, (byte) 'x');
        return body;
    }

    /** Sends {@code first} and the right proof; returns the step after the proof. */
    private static ClientStep proveTo(ClientAuthentication server, String first)
            throws ScramException {
        ClientStep challenge =
                Login.deliver(
                        server, new SASLInitialResponse("SCRAM-SHA-256", Bytes.ofText(first)));
        var exchange =
                new ScramExchange(
                        ClientFirst.parse(Bytes.ofText(first), ChannelBindings.NONE, false),
                        ServerFirst.parse(Bytes.ofText(text(challenge))));
        ScramKeys keys =
                ScramKeys.derive(
                        Bytes.ofText(Login.PASSWORD),
                        exchange.challenge().salt(),
                        exchange.challenge().iterations());
        Bytes proof = exchange.prove(keys.clientKey()).toBytes();
        return Login.deliver(server, new SASLResponse(proof));
    }

    private static String saltShown(ClientAuthentication server) {
        server.begin();
        ClientStep challenge =
                Login.deliver(
                        server,
                        new SASLInitialResponse("SCRAM-SHA-256", Bytes.ofText(CLIENT_FIRST)));
        String text = text(challenge);
        return text.substring(text.indexOf(",s="));
    }

    private static String text(ClientStep step) {
        return ((AuthenticationSASLContinue) ((ClientStep.Send) step).message()).data().toText();
    }

    private static @Nullable StoredSecret stored(String form) {
        return switch (form) {
            case "plain" -> Login.plain();
            case "none" -> new StoredSecret.None();
            case "unusable" -> new StoredSecret.Unusable("broken");
            case "unknown" -> null;
            default -> throw new IllegalArgumentException(form);
        };
    }
}
