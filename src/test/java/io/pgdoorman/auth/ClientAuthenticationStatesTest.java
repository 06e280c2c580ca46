package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.frontend.PasswordMessage;
import io.pgdoorman.wire.frontend.SASLInitialResponse;
import io.pgdoorman.wire.frontend.SASLResponse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;

/**
 * Every pair of state and event of {@link ClientAuthentication}, and hostile bytes in each state.
 */
@ExtendWith(LeakCheck.class)
class ClientAuthenticationStatesTest {
    private static final Bytes CLIENT_FIRST = Bytes.ofText("n,,n=,r=clientnonce");
    private static final ScramKeys WRONG_KEYS =
            ScramKeys.derive(Bytes.ofText("wrong"), Login.SALT, 1);
    private static final byte[] GARBAGE = {'x', 'y'};

    /** Each state with the events that lead there. */
    enum State {
        FRESH(HbaMethod.PASSWORD),
        AWAITING_PASSWORD(HbaMethod.PASSWORD) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
            }
        },
        CHECKING_PASSWORD(HbaMethod.PASSWORD) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
                Login.deliver(server, new PasswordMessage("guess"));
            }
        },
        AWAITING_MD5(HbaMethod.MD5) {
            @Override
            StoredSecret secret() {
                return Login.md5();
            }

            @Override
            void lead(ClientAuthentication server) {
                server.begin();
            }
        },
        AWAITING_MECHANISM(HbaMethod.SCRAM_SHA_256) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
            }
        },
        AWAITING_CLIENT_FIRST(HbaMethod.SCRAM_SHA_256) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
                Login.deliver(server, new SASLInitialResponse("SCRAM-SHA-256", null));
            }
        },
        AWAITING_PROOF(HbaMethod.SCRAM_SHA_256) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
                Login.deliver(server, new SASLInitialResponse("SCRAM-SHA-256", CLIENT_FIRST));
            }
        },
        CHECKING_PROOF(HbaMethod.SCRAM_SHA_256) {
            @Override
            StoredSecret secret() {
                return Login.plain();
            }

            @Override
            void lead(ClientAuthentication server) {
                server.begin();
                Login.deliver(server, zeroProof(server));
            }
        },
        ACCEPTED(HbaMethod.TRUST) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
            }
        },
        REFUSED(HbaMethod.REJECT) {
            @Override
            void lead(ClientAuthentication server) {
                server.begin();
            }
        };

        private final HbaMethod method;

        State(HbaMethod method) {
            this.method = method;
        }

        StoredSecret secret() {
            return Login.scram();
        }

        void lead(ClientAuthentication server) {}

        ClientAuthentication reach() {
            ClientAuthentication server = Login.asServer(method, secret());
            lead(server);
            return server;
        }
    }

    /** {@code send}, {@code refused} or {@code mistake}: an exception for the caller. */
    @ParameterizedTest
    @CsvSource({
        // state, begin, onMessage (garbage), onUnexpected, onDerived (wrong keys)
        "FRESH, send, refused, refused, mistake",
        "AWAITING_PASSWORD, mistake, refused, refused, mistake",
        "CHECKING_PASSWORD, mistake, refused, refused, refused",
        "AWAITING_MD5, mistake, refused, refused, mistake",
        "AWAITING_MECHANISM, mistake, refused, refused, mistake",
        "AWAITING_CLIENT_FIRST, mistake, refused, refused, mistake",
        "AWAITING_PROOF, mistake, refused, refused, mistake",
        "CHECKING_PROOF, mistake, refused, refused, refused",
        "ACCEPTED, mistake, mistake, mistake, mistake",
        "REFUSED, mistake, refused, refused, refused",
    })
    void everyPairOfStateAndEvent(
            State state, String begin, String message, String unexpected, String derived) {
        expect(state, begin, ClientAuthentication::begin);
        expect(state, message, server -> Login.deliver(server, GARBAGE));
        expect(state, unexpected, server -> server.onUnexpected((byte) 'Q'));
        expect(state, derived, server -> server.onDerived(WRONG_KEYS));
    }

    private static void expect(
            State state, String outcome, Function<ClientAuthentication, ClientStep> event) {
        ClientAuthentication server = state.reach();
        switch (outcome) {
            case "send" -> assertThat(event.apply(server)).isInstanceOf(ClientStep.Send.class);
            case "refused" -> {
                ClientStep step = event.apply(server);
                assertThat(step).isInstanceOf(ClientStep.Refused.class);
                // final: whatever comes later changes nothing
                assertThat(Login.deliver(server, GARBAGE)).isSameAs(step);
                assertThat(server.onDerived(WRONG_KEYS)).isSameAs(step);
                assertThat(server.onUnexpected((byte) 'X')).isSameAs(step);
            }
            case "mistake" ->
                    assertThatThrownBy(() -> event.apply(server))
                            .isInstanceOf(IllegalStateException.class);
            default -> throw new IllegalArgumentException(outcome);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "AWAITING_PASSWORD, password",
        "AWAITING_MD5, password",
        "AWAITING_MECHANISM, SASL",
        "AWAITING_CLIENT_FIRST, SASL",
        "AWAITING_PROOF, SASL",
    })
    void namesWhatWasExpectedInstead(State state, String expected) {
        var refused = (ClientStep.Refused) state.reach().onUnexpected((byte) 'Q');

        assertThat(refused.error().sqlState()).isEqualTo("08P01");
        assertThat(refused.error().message())
                .isEqualTo("expected " + expected + " response, got message type 81");
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"ACCEPTED"})
    void randomBytesNeverThrowAndNeverLetIn(State state) {
        var random = new Random(20_240_501);
        for (int round = 0; round < 400; round++) {
            byte[] body = new byte[random.nextInt(80)];
            random.nextBytes(body);
            expectNoEntry(state.reach(), body);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"AWAITING_PASSWORD", "AWAITING_MD5"})
    void everyTruncationOfAPasswordMessageIsRefused(State state) {
        byte[] body = Login.bodyOf(new PasswordMessage(Login.PASSWORD));
        for (int length = 0; length < body.length; length++) {
            ClientStep step = Login.deliver(state.reach(), Arrays.copyOf(body, length));

            assertThat(((ClientStep.Refused) step).error().sqlState()).isEqualTo("08P01");
        }
        ClientStep longer = Login.deliver(state.reach(), Arrays.copyOf(body, body.length + 1));
        assertThat(((ClientStep.Refused) longer).error().sqlState()).isEqualTo("08P01");
    }

    @Test
    void everyTruncationOfAnInitialResponseIsRefused() {
        byte[] body = Login.bodyOf(new SASLInitialResponse("SCRAM-SHA-256", CLIENT_FIRST));
        for (int length = 0; length < body.length; length++) {
            ClientStep step =
                    Login.deliver(State.AWAITING_MECHANISM.reach(), Arrays.copyOf(body, length));

            assertThat(((ClientStep.Refused) step).error().sqlState()).isEqualTo("08P01");
        }
    }

    @Test
    void changedAndTruncatedProofsAreRefused() {
        var random = new Random(20_240_502);
        byte[] valid = Login.bodyOf(zeroProof(State.AWAITING_MECHANISM.reach()));
        for (int length = 0; length < valid.length; length++) {
            expectNoEntry(State.AWAITING_PROOF.reach(), Arrays.copyOf(valid, length));
        }
        for (int round = 0; round < 400; round++) {
            byte[] body = valid.clone();
            body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            expectNoEntry(State.AWAITING_PROOF.reach(), body);
        }
    }

    private static void expectNoEntry(ClientAuthentication server, byte[] body) {
        ClientStep step = Login.deliver(server, body);
        if (step instanceof ClientStep.Derive) {
            step = server.onDerived(WRONG_KEYS);
        }
        assertThat(step).isInstanceOfAny(ClientStep.Refused.class, ClientStep.Send.class);
    }

    /** A well-formed wrong proof for the challenge that {@code server} gives. */
    private static SASLResponse zeroProof(ClientAuthentication server) {
        ClientStep step =
                Login.deliver(server, new SASLInitialResponse("SCRAM-SHA-256", CLIENT_FIRST));
        var message = (AuthenticationSASLContinue) ((ClientStep.Send) step).message();
        String challenge = message.data().toText();
        String nonce = challenge.substring(0, challenge.indexOf(','));
        Bytes proof = Bytes.copyOf(new byte[ScramSha256.KEY_BYTES]);
        return new SASLResponse(
                Bytes.ofText("c=biws," + nonce + ",p=" + ScramAttributes.encode(proof)));
    }
}
