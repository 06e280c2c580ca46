package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.frontend.SASLInitialResponse;
import io.pgdoorman.wire.frontend.SASLResponse;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Malformed SCRAM messages of clients; the answers are PostgreSQL's, detail included. */
@ExtendWith(LeakCheck.class)
class ClientScramErrorTest {
    private static final String ZERO_PROOF = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private final ClientAuthentication server =
            Login.asServer(HbaMethod.SCRAM_SHA_256, Login.scram());

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | The message is empty.",
                "x,,n=,r=a | Unexpected channel-binding flag \"x\".",
                "é,,n=,r=a | Unexpected channel-binding flag \"0xc3\".",
                "n | Comma expected, but found character \"0x00\".",
                "nn,n=,r=a | Comma expected, but found character \"n\".",
                "yy,n=,r=a | Comma expected, but found character \"y\".",
                "p=tls-server-end-point,,n=,r=a | The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.",
                "n,x | Unexpected attribute \"x\" in client-first-message.",
                "n, | Unexpected attribute \"0x00\" in client-first-message.",
                "n,, | Expected attribute \"n\" but found \"0x00\".",
                "n,,r=a | Expected attribute \"n\" but found \"r\".",
                "n,,n | Expected character \"=\" for attribute \"n\".",
                "n,,n= | Expected attribute \"r\" but found \"0x00\".",
                "n,,n=,r | Expected character \"=\" for attribute \"r\".",
                "n,,n=,r=a,1=b | Attribute expected, but found invalid character \"1\".",
                "n,,n=,r=a,b | Expected character \"=\" for attribute \"b\".",
            })
    void refusesAMalformedClientFirst(String message, String detail) {
        expectMalformed(first(message), detail);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n,a=bob,n=,r=a | 0A000 | client uses authorization identity, but it is not supported",
                "n,,m=x,n=,r=a | 0A000 | client requires an unsupported SCRAM extension",
                "n,,n=,r= | 08P01 | non-printable characters in SCRAM nonce",
                "n,,n=,r=a b | 08P01 | non-printable characters in SCRAM nonce",
                "n,,n=,r=ä | 08P01 | non-printable characters in SCRAM nonce",
            })
    void refusesAClientFirstThatAsksTooMuch(String message, String sqlState, String text) {
        ClientStep.Refused refused = first(message);

        assertThat(refused.error().sqlState()).isEqualTo(sqlState);
        assertThat(refused.error().message()).isEqualTo(text);
    }

    @Test
    void refusesANulInsideTheMessage() {
        expectMalformed(first("n,,n=\0,r=a"), "Message length does not match input length.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "scram-sha-256", ""})
    void refusesAMechanismThatWasNotOffered(String mechanism) {
        server.begin();

        var refused =
                (ClientStep.Refused)
                        Login.deliver(
                                server,
                                new SASLInitialResponse(mechanism, Bytes.ofText("n,,n=,r=a")));

        assertThat(refused.error().sqlState()).isEqualTo("08P01");
        assertThat(refused.error().message())
                .isEqualTo("client selected an invalid SASL authentication mechanism");
    }

    /** NONCE stands for the nonce of the challenge. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | The message is empty.",
                "r=NONCE,p=" + ZERO_PROOF + " | Expected attribute \"c\" but found \"r\".",
                "c=biws | Expected attribute \"r\" but found \"0x00\".",
                "c=biws,r=NONCE | Attribute expected, but found end of string.",
                "c=biws,r=NONCE,p | Expected character \"=\" for attribute \"p\".",
                "c=biws,r=NONCE,p= | Malformed proof in client-final-message.",
                "c=biws,r=NONCE,p=AAAA | Malformed proof in client-final-message.",
                "c=biws,r=NONCE,p=!AAA | Malformed proof in client-final-message.",
                "c=biws,r=NONCE,?=AAA | Attribute expected, but found invalid character \"?\".",
                "c=biws,r=NONCE,p="
                        + ZERO_PROOF
                        + ",x=y | Garbage found at the end of client-final-message.",
            })
    void refusesAMalformedClientFinal(String message, String detail) {
        expectMalformed(last(message), detail);
    }

    @ParameterizedTest
    @ValueSource(strings = {"c=eSws", "c=", "c=cD10bHM=", "c=biws="})
    void channelBindingMustBeThatOfTheFirstMessage(String attribute) {
        ClientStep.Refused refused = last(attribute + ",r=NONCE,p=" + ZERO_PROOF);

        assertThat(refused.error().sqlState()).isEqualTo("08P01");
        assertThat(refused.error().message())
                .isEqualTo("unexpected SCRAM channel-binding attribute in client-final-message");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "clientnonce", "NONCEx", "x"})
    void nonceMustBeThatOfTheChallenge(String nonce) {
        ClientStep.Refused refused = last("c=biws,r=" + nonce + ",p=" + ZERO_PROOF);

        assertThat(refused.error().sqlState()).isEqualTo("08P01");
        assertThat(refused.error().message()).isEqualTo("invalid SCRAM response");
        assertThat(refused.error().fields().detail()).isEqualTo("Nonce does not match.");
    }

    @Test
    void ignoresExtensionsBeforeTheProof() {
        ClientStep.Refused refused = last("c=biws,r=NONCE,x=y,p=" + ZERO_PROOF);

        assertThat(refused.error().sqlState()).isEqualTo("28P01");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theProofIsCheckedAfterTheGrammarForUnknownUsersToo(boolean known) {
        ClientAuthentication other =
                Login.asServer(HbaMethod.SCRAM_SHA_256, known ? Login.scram() : null);

        assertThat(last(other, "c=biws,r=NONCE,p=AAAA").error().sqlState()).isEqualTo("08P01");
    }

    private ClientStep.Refused first(@Nullable String message) {
        server.begin();
        return (ClientStep.Refused)
                Login.deliver(
                        server,
                        new SASLInitialResponse(
                                "SCRAM-SHA-256", Bytes.ofText(message == null ? "" : message)));
    }

    private ClientStep.Refused last(@Nullable String message) {
        return last(server, message == null ? "" : message);
    }

    private static ClientStep.Refused last(ClientAuthentication server, String message) {
        server.begin();
        var challenge =
                (ClientStep.Send)
                        Login.deliver(
                                server,
                                new SASLInitialResponse(
                                        "SCRAM-SHA-256", Bytes.ofText("n,,n=,r=clientnonce")));
        String text = ((AuthenticationSASLContinue) challenge.message()).data().toText();
        String nonce = text.substring("r=".length(), text.indexOf(','));
        return (ClientStep.Refused)
                Login.deliver(
                        server, new SASLResponse(Bytes.ofText(message.replace("NONCE", nonce))));
    }

    private static void expectMalformed(ClientStep.Refused refused, String detail) {
        assertThat(refused.error().sqlState()).isEqualTo("08P01");
        assertThat(refused.error().message()).isEqualTo("malformed SCRAM message");
        assertThat(refused.error().fields().detail()).isEqualTo(detail);
    }
}
