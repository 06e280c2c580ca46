package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.Authentication;
import io.pgdoorman.wire.backend.AuthenticationCleartextPassword;
import io.pgdoorman.wire.backend.AuthenticationGSS;
import io.pgdoorman.wire.backend.AuthenticationMD5Password;
import io.pgdoorman.wire.backend.AuthenticationOk;
import io.pgdoorman.wire.backend.AuthenticationSASL;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.backend.AuthenticationSASLFinal;
import io.pgdoorman.wire.backend.AuthenticationSSPI;
import io.pgdoorman.wire.frontend.PasswordMessage;
import io.pgdoorman.wire.frontend.SASLInitialResponse;
import io.pgdoorman.wire.frontend.SASLResponse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/** What we send to servers, and which servers we do not put up with. */
@ExtendWith(LeakCheck.class)
class ServerAuthenticationTest {
    private static final AuthenticationSASL SASL = new AuthenticationSASL(List.of("SCRAM-SHA-256"));
    private static final String ZERO_SIGNATURE = "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private final AuthenticationContext context = Login.context();
    private final ServerAuthentication client =
            new ServerAuthentication(
                    context, Login.USER, new ServerCredential.Plain(Bytes.ofText("secret")));

    @Test
    void sendsThePasswordInClearText() {
        assertThat(client.onRequest(new AuthenticationCleartextPassword()))
                .isEqualTo(new ServerStep.Send(new PasswordMessage("secret")));
    }

    @Test
    void answersMd5() {
        var hash = "md539c4422cad2e8aa743c2904bf0925538"; // of secret and md5_user
        var salt = Bytes.copyOf(new byte[] {1, 2, 3, 4});
        var request = new AuthenticationMD5Password(salt);
        var expected =
                new ServerStep.Send(
                        new PasswordMessage(Md5Password.response(hash, salt.toByteArray())));

        var plain =
                new ServerAuthentication(
                        context, "md5_user", new ServerCredential.Plain(Bytes.ofText("secret")));
        var hashed =
                new ServerAuthentication(
                        context, "md5_user", new ServerCredential.Md5Hash("md5_user", hash));

        assertThat(plain.onRequest(request)).isEqualTo(expected);
        assertThat(hashed.onRequest(request)).isEqualTo(expected);
    }

    @Test
    void hashOfAnotherUserCannotAnswer() {
        var hashed =
                new ServerAuthentication(
                        context,
                        Login.USER,
                        new ServerCredential.Md5Hash("bob", "md539c4422cad2e8aa743c2904bf0925538"));

        var failed =
                (ServerStep.Failed)
                        hashed.onRequest(new AuthenticationMD5Password(Bytes.copyOf(new byte[4])));

        assertThat(failed.sqlState()).isEqualTo("28000");
        assertThat(failed.reason()).contains("made for another user").doesNotContain("md539");
    }

    @Test
    void neverSendsAPasswordThatANulCutsShort() {
        var cut =
                new ServerAuthentication(
                        context, Login.USER, new ServerCredential.Plain(Bytes.ofText("a\0b")));

        assertThat(cut.onRequest(new AuthenticationCleartextPassword()))
                .isInstanceOf(ServerStep.Failed.class);
    }

    @Test
    void choosesScramAmongMechanisms() {
        var step =
                client.onRequest(
                        new AuthenticationSASL(
                                List.of("SCRAM-SHA-256-PLUS", "OAUTHBEARER", "SCRAM-SHA-256")));

        var message = (SASLInitialResponse) ((ServerStep.Send) step).message();
        assertThat(message.mechanism()).isEqualTo("SCRAM-SHA-256");
        assertThat(text(message)).matches("n,,n=,r=[A-Za-z0-9+/]{24}");
    }

    /** As libpq: bound if that is offered; else it says that it could be, if it could. */
    @ParameterizedTest
    @CsvSource({
        "point, PLUS and plain, SCRAM-SHA-256-PLUS, 'p=tls-server-end-point,,'",
        "point, PLUS, SCRAM-SHA-256-PLUS, 'p=tls-server-end-point,,'",
        "point, plain, SCRAM-SHA-256, 'y,,'",
        "'', PLUS and plain, SCRAM-SHA-256, 'n,,'",
        "'', plain, SCRAM-SHA-256, 'n,,'"
    })
    void bindsToTheCertificateOverTls(
            String endPoint, String offer, String mechanism, String header) {
        client.onEncrypted(Bytes.ofText(endPoint));

        var step = client.onRequest(new AuthenticationSASL(offered(offer)));

        var message = (SASLInitialResponse) ((ServerStep.Send) step).message();
        assertThat(message.mechanism()).isEqualTo(mechanism);
        assertThat(text(message)).startsWith(header + "n=,r=");
    }

    @Test
    void repeatsWhatItIsBoundTo() throws ScramException {
        client.onEncrypted(Bytes.ofText("end point"));
        var first =
                (SASLInitialResponse)
                        ((ServerStep.Send)
                                        client.onRequest(
                                                new AuthenticationSASL(offered("PLUS and plain"))))
                                .message();
        String nonce = text(first).replaceFirst(".*r=", "");
        var derive =
                (ServerStep.Derive)
                        client.onRequest(
                                new AuthenticationSASLContinue(
                                        Bytes.ofText("r=" + nonce + "x,s=AAAA,i=4096")));

        var last = (ServerStep.Send) client.onDerived(derive.work().get());

        String bound =
                Base64.getEncoder()
                        .encodeToString(
                                "p=tls-server-end-point,,end point"
                                        .getBytes(StandardCharsets.US_ASCII));
        assertThat(((SASLResponse) last.message()).data().toText())
                .startsWith("c=" + bound + ",r=" + nonce + "x,p=");
    }

    private static List<String> offered(String offer) {
        return Stream.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
                .filter(one -> offer.contains(one.endsWith("PLUS") ? "PLUS" : "plain"))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "SCRAM-SHA-256-PLUS, 'which needs TLS and a certificate with a hash in its signature'",
        "OAUTHBEARER, it asks for a SASL mechanism that is not supported",
    })
    void refusesOtherMechanisms(String mechanism, String reason) {
        var failed =
                (ServerStep.Failed) client.onRequest(new AuthenticationSASL(List.of(mechanism)));

        assertThat(failed.reason()).endsWith(reason);
    }

    @Test
    void refusesKerberos() {
        for (Authentication request : List.of(new AuthenticationGSS(), new AuthenticationSSPI())) {
            var failed = (ServerStep.Failed) Login.asClient(plain()).onRequest(request);

            assertThat(failed.reason()).endsWith("which is not supported");
        }
    }

    /** NONCE stands for our nonce. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | The message is empty.",
                "m=x,r=NONCEx,s=AAAA,i=1 | The server requires an unsupported SCRAM extension.",
                "s=AAAA,i=1 | Expected attribute \"r\" but found \"s\".",
                "r=,s=AAAA,i=1 | non-printable characters in SCRAM nonce",
                "r=NONCE,s=AAAA,i=1 | Nonce does not match.",
                "r=other,s=AAAA,i=1 | Nonce does not match.",
                "r=xNONCE,s=AAAA,i=1 | Nonce does not match.",
                "r=NONCEx,s=,i=1 | The salt is empty.",
                "r=NONCEx,s=!,i=1 | The salt is not base64.",
                "r=NONCEx,s=AAAA | Expected attribute \"i\" but found \"0x00\".",
                "r=NONCEx,s=AAAA,i=0 | The iteration count is not 1 to 10000000.",
                "r=NONCEx,s=AAAA,i=-1 | The iteration count is not 1 to 10000000.",
                "r=NONCEx,s=AAAA,i=10000001 | The iteration count is not 1 to 10000000.",
                "r=NONCEx,s=AAAA,i=99999999999999 | The iteration count is not 1 to 10000000.",
                "r=NONCEx,s=AAAA,i=+1 | The iteration count is not 1 to 10000000.",
                "r=NONCEx,s=AAAA,i=1,1 | Attribute expected, but found invalid character \"1\".",
            })
    void refusesAMalformedChallenge(String message, String reason) {
        var step = (ServerStep.Send) client.onRequest(SASL);
        String nonce = text((SASLInitialResponse) step.message()).substring("n,,n=,r=".length());

        var failed =
                (ServerStep.Failed) client.onRequest(challenge(message.replace("NONCE", nonce)));

        assertThat(failed.sqlState()).isEqualTo("08P01");
        assertThat(failed.reason())
                .startsWith("the server broke the authentication protocol: ")
                .endsWith(reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | 08P01",
                "e=other-error | 08P01",
                "v= | 08P01",
                "v=AAAA | 08P01",
                "v=! | 08P01",
                "x=AAAA | 08P01",
                ZERO_SIGNATURE + ",x=y | 08P01",
                ZERO_SIGNATURE + " | 28000",
            })
    void refusesAServerWithoutItsProof(String message, String sqlState) {
        proveTo(client);

        var failed =
                (ServerStep.Failed)
                        client.onRequest(new AuthenticationSASLFinal(Bytes.ofText(message)));

        assertThat(failed.sqlState()).isEqualTo(sqlState);
    }

    @Test
    void refusesAServerThatSkipsItsProof() {
        proveTo(client);

        assertThat(client.onRequest(new AuthenticationOk()))
                .isEqualTo(
                        new ServerStep.Failed(
                                "08P01",
                                "the server broke the authentication protocol: unexpected"
                                        + " AuthenticationOk"));
    }

    @Test
    void derivesOncePerSalt() {
        var again = new ServerAuthentication(context, Login.USER, plain());

        ServerStep first = proveTo(client);
        ServerStep second = proveTo(again);

        assertThat(first).isInstanceOf(ServerStep.Derive.class);
        assertThat(second).isInstanceOf(ServerStep.Send.class);
        assertThat(context.keys().size()).isEqualTo(1);
    }

    /** Answers a challenge; returns the step right after it. */
    private static ServerStep proveTo(ServerAuthentication client) {
        var step = (ServerStep.Send) client.onRequest(SASL);
        String nonce = text((SASLInitialResponse) step.message()).substring("n,,n=,r=".length());
        ServerStep answered = client.onRequest(challenge("r=" + nonce + "x,s=AAAA,i=1"));
        var proof = (ServerStep.Send) Login.settle(client, answered);
        assertThat(proof.message()).isInstanceOf(SASLResponse.class);
        return answered;
    }

    private static ServerCredential plain() {
        return new ServerCredential.Plain(Bytes.ofText("secret"));
    }

    private static AuthenticationSASLContinue challenge(String text) {
        return new AuthenticationSASLContinue(Bytes.ofText(text));
    }

    private static String text(SASLInitialResponse message) {
        Bytes response = message.initialResponse();
        assertThat(response).isNotNull();
        return response == null ? "" : response.toText();
    }
}
