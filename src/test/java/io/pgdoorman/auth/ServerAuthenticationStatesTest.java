package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.backend.Authentication;
import io.pgdoorman.wire.backend.AuthenticationCleartextPassword;
import io.pgdoorman.wire.backend.AuthenticationGSS;
import io.pgdoorman.wire.backend.AuthenticationGSSContinue;
import io.pgdoorman.wire.backend.AuthenticationKerberosV5;
import io.pgdoorman.wire.backend.AuthenticationMD5Password;
import io.pgdoorman.wire.backend.AuthenticationOk;
import io.pgdoorman.wire.backend.AuthenticationSASL;
import io.pgdoorman.wire.backend.AuthenticationSASLContinue;
import io.pgdoorman.wire.backend.AuthenticationSASLFinal;
import io.pgdoorman.wire.backend.AuthenticationSSPI;
import io.pgdoorman.wire.frontend.SASLInitialResponse;

import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;
import java.util.Random;

/**
 * Every pair of state and event of {@link ServerAuthentication}, and hostile bytes in each state.
 */
@ExtendWith(LeakCheck.class)
class ServerAuthenticationStatesTest {
    private static final AuthenticationSASL SASL = new AuthenticationSASL(List.of("SCRAM-SHA-256"));
    private static final ScramKeys KEYS = ScramKeys.derive(Bytes.ofText("secret"), Login.SALT, 1);

    /** In the order of the columns below. */
    private static final List<Authentication> REQUESTS =
            List.of(
                    new AuthenticationOk(),
                    new AuthenticationCleartextPassword(),
                    new AuthenticationMD5Password(Bytes.copyOf(new byte[4])),
                    SASL,
                    new AuthenticationSASLContinue(Bytes.ofText("r=x,s=AAAA,i=1")),
                    new AuthenticationSASLFinal(Bytes.ofText("v=AAAA")),
                    new AuthenticationGSS(),
                    new AuthenticationGSSContinue(Bytes.EMPTY),
                    new AuthenticationSSPI(),
                    new AuthenticationKerberosV5());

    /** Each state with the events that lead there. */
    enum State {
        AWAITING_REQUEST,
        AWAITING_OK {
            @Override
            void lead(ServerAuthentication client) {
                client.onRequest(new AuthenticationCleartextPassword());
            }
        },
        AWAITING_CHALLENGE {
            @Override
            void lead(ServerAuthentication client) {
                client.onRequest(SASL);
            }
        },
        DERIVING {
            @Override
            void lead(ServerAuthentication client) {
                client.onRequest(challengeAfter(client.onRequest(SASL)));
            }
        },
        AWAITING_SIGNATURE {
            @Override
            void lead(ServerAuthentication client) {
                Login.settle(client, client.onRequest(challengeAfter(client.onRequest(SASL))));
            }
        },
        DONE {
            @Override
            void lead(ServerAuthentication client) {
                client.onRequest(new AuthenticationOk());
            }
        },
        FAILED {
            @Override
            void lead(ServerAuthentication client) {
                client.onRequest(new AuthenticationGSS());
            }
        };

        void lead(ServerAuthentication client) {}

        ServerAuthentication reach() {
            ServerAuthentication client =
                    Login.asClient(new ServerCredential.Plain(Bytes.ofText("secret")));
            lead(client);
            return client;
        }
    }

    /** D done, S send, F failed, M a mistake of the caller; the last column is onDerived. */
    @ParameterizedTest
    @CsvSource({
        //                   Ok Cleartext MD5 SASL Continue Final GSS GSSContinue SSPI KerberosV5
        "AWAITING_REQUEST,   D  S         S   S    F        F     F   F           F    F, M",
        "AWAITING_OK,        D  F         F   F    F        F     F   F           F    F, M",
        "AWAITING_CHALLENGE, F  F         F   F    F        F     F   F           F    F, M",
        "DERIVING,           F  F         F   F    F        F     F   F           F    F, S",
        "AWAITING_SIGNATURE, F  F         F   F    F        F     F   F           F    F, M",
        "DONE,               F  F         F   F    F        F     F   F           F    F, M",
        "FAILED,             F  F         F   F    F        F     F   F           F    F, F",
    })
    void everyPairOfStateAndEvent(State state, String requests, String derived) {
        String[] outcomes = requests.split(" +");
        for (int i = 0; i < REQUESTS.size(); i++) {
            expect(outcomes[i], state.reach().onRequest(REQUESTS.get(i)));
        }
        if (derived.equals("M")) {
            assertThatThrownBy(() -> state.reach().onDerived(KEYS))
                    .isInstanceOf(IllegalStateException.class);
        } else {
            expect(derived, state.reach().onDerived(KEYS));
        }
    }

    private static void expect(String outcome, ServerStep step) {
        assertThat(step)
                .isInstanceOf(
                        switch (outcome) {
                            case "D" -> ServerStep.Done.class;
                            case "S" -> ServerStep.Send.class;
                            case "F" -> ServerStep.Failed.class;
                            default -> throw new IllegalArgumentException(outcome);
                        });
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void aFailureIsFinal(State state) {
        ServerAuthentication client = state.reach();

        ServerStep failed = client.onRequest(new AuthenticationGSSContinue(Bytes.EMPTY));

        assertThat(failed).isInstanceOf(ServerStep.Failed.class);
        assertThat(client.onRequest(new AuthenticationOk())).isSameAs(failed);
        assertThat(client.onDerived(KEYS)).isSameAs(failed);
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void randomBytesNeverThrowAnythingElse(State state) {
        var random = new Random(20_240_503);
        for (int round = 0; round < 400; round++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            ByteBuf body = Unpooled.buffer().writeInt(random.nextInt(14)).writeBytes(bytes);
            try {
                Authentication request = Authentication.decode(body);
                assertThat(state.reach().onRequest(request)).isNotNull();
            } catch (ProtocolException e) {
                assertThat(e.sqlState()).isEqualTo("08P01");
            } finally {
                body.release();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"AWAITING_CHALLENGE", "AWAITING_SIGNATURE"})
    void randomScramMessagesFail(State state) {
        var random = new Random(20_240_504);
        for (int round = 0; round < 400; round++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            Bytes data = Bytes.copyOf(bytes);
            Authentication request =
                    state == State.AWAITING_CHALLENGE
                            ? new AuthenticationSASLContinue(data)
                            : new AuthenticationSASLFinal(data);

            assertThat(state.reach().onRequest(request)).isInstanceOf(ServerStep.Failed.class);
        }
    }

    private static AuthenticationSASLContinue challengeAfter(ServerStep step) {
        var message = (SASLInitialResponse) ((ServerStep.Send) step).message();
        Bytes response = message.initialResponse();
        String text = response == null ? "" : response.toText();
        String nonce = text.substring("n,,n=,r=".length());
        return new AuthenticationSASLContinue(Bytes.ofText("r=" + nonce + "x,s=AAAA,i=1"));
    }
}
