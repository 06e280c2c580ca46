package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.AuthenticationSASL;
import io.pgdoorman.wire.frontend.SASLInitialResponse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logins that are bound to the certificate that the client was shown. */
@ExtendWith(LeakCheck.class)
class ChannelBindingTest {
    private static final Bytes END_POINT = Bytes.ofText("hash of the certificate");
    private static final Bytes EXPORTER = Bytes.ofText("known at both ends");

    private static ClientAuthentication server(Bytes endPoint) {
        AuthenticationContext context = Login.context();
        return new ClientAuthentication(
                context,
                new LoginRandom(context, new byte[0]),
                new ClientLogin(
                        Login.USER,
                        "shop",
                        "192.0.2.7:5555",
                        true,
                        "",
                        new ChannelBindings(endPoint, EXPORTER)),
                LoginRule.of(HbaMethod.SCRAM_SHA_256),
                Login.scram());
    }

    private static ServerAuthentication client(Bytes endPoint) {
        ServerAuthentication client =
                Login.asClient(new ServerCredential.Plain(Bytes.ofText(Login.PASSWORD)));
        client.onEncrypted(endPoint);
        return client;
    }

    @Test
    void offersItFirstWhereThereIsACertificate() {
        var offered = (ClientStep.Send) server(END_POINT).begin();
        var plain = (ClientStep.Send) server(Bytes.EMPTY).begin();

        assertThat(((AuthenticationSASL) offered.message()).mechanisms())
                .containsExactly("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");
        assertThat(((AuthenticationSASL) plain.message()).mechanisms())
                .containsExactly("SCRAM-SHA-256");
    }

    @ParameterizedTest
    @CsvSource({
        "hash of the certificate, hash of the certificate",
        "hash of the certificate, ''",
        "'', hash of the certificate",
        "'', ''"
    })
    void bothEndsAgree(String atServer, String atClient) {
        Login.Outcome outcome =
                new Login().run(server(Bytes.ofText(atServer)), client(Bytes.ofText(atClient)));

        assertThat(outcome.atServer()).isInstanceOf(ClientStep.Accepted.class);
        assertThat(outcome.atClient()).isInstanceOf(ServerStep.Done.class);
    }

    /** The certificate's hash is not offered then, and libpq would take it for that. */
    @Test
    void whatOnlyTheEndsKnowIsNoReasonToOfferIt() {
        var offered = (ClientStep.Send) server(Bytes.EMPTY).begin();

        assertThat(((AuthenticationSASL) offered.message()).mechanisms())
                .doesNotContain("SCRAM-SHA-256-PLUS");
    }

    @ParameterizedTest
    @CsvSource({"tls-server-end-point", "tls-exporter"})
    void takesEitherType(String type) {
        ClientAuthentication server = server(END_POINT);
        server.begin();

        ClientStep step =
                Login.deliver(
                        server,
                        new SASLInitialResponse(
                                "SCRAM-SHA-256-PLUS", Bytes.ofText("p=" + type + ",,n=,r=a")));

        assertThat(step).isInstanceOf(ClientStep.Send.class);
    }

    @Test
    void refusesWhoWasShownAnotherCertificate() {
        Login.Outcome outcome =
                new Login().run(server(END_POINT), client(Bytes.ofText("that of a stranger")));

        var refused = (ClientStep.Refused) outcome.atServer();
        assertThat(refused.error().sqlState()).isEqualTo("28000");
        assertThat(refused.error().message()).isEqualTo("SCRAM channel binding check failed");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SCRAM-SHA-256 | y,,n=,r=a | 28000 | SCRAM channel binding negotiation error",
                "SCRAM-SHA-256 | p=tls-server-end-point,,n=,r=a | 08P01 | malformed SCRAM message",
                "SCRAM-SHA-256-PLUS | n,,n=,r=a | 08P01 | malformed SCRAM message",
                "SCRAM-SHA-256-PLUS | y,,n=,r=a | 08P01 | malformed SCRAM message",
                "SCRAM-SHA-256-PLUS | p=tls-unique,,n=,r=a | 08P01 | unsupported SCRAM channel-binding type \"tls-unique\"",
                "SCRAM-SHA-256-PLUS | p=é,,n=,r=a | 08P01 | unsupported SCRAM channel-binding type \"??\"",
                "SCRAM-SHA-256-PLUS | p=tls-server-end-point,a=bob,n=,r=a | 0A000 | client uses authorization identity, but it is not supported",
            })
    void refusesWhatDoesNotFitTheOffer(
            String mechanism, String first, String sqlState, String message) {
        ClientAuthentication server = server(END_POINT);
        server.begin();

        var refused =
                (ClientStep.Refused)
                        Login.deliver(
                                server, new SASLInitialResponse(mechanism, Bytes.ofText(first)));

        assertThat(refused.error().sqlState()).isEqualTo(sqlState);
        assertThat(refused.error().message()).isEqualTo(message);
    }
}
