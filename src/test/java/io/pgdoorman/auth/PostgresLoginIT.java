package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.WireClient;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.Authentication;
import io.pgdoorman.wire.frontend.FrontendMessage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;

/** {@link ServerAuthentication} at a real PostgreSQL. */
@ExtendWith(LeakCheck.class)
class PostgresLoginIT {
    private static final Bytes PASSWORD = Bytes.ofText(PostgresServer.PASSWORD);

    private final PostgresServer postgres = PostgresServer.shared();
    private final AuthenticationContext context = Login.context();

    @ParameterizedTest
    @ValueSource(strings = {"md5_user", "scram_user", "password_user", PostgresServer.APP})
    void logsInWithAPassword(String user) {
        Message last = logIn(user, new ServerCredential.Plain(PASSWORD));

        assertThat(last.type()).isEqualTo('Z');
    }

    @Test
    void logsInWithTheHashThatPostgresStores() {
        StoredSecret stored = stored("md5_user");

        Message last = logIn("md5_user", ServerCredential.ofStored("md5_user", stored));

        assertThat(stored).isInstanceOf(StoredSecret.Md5.class);
        assertThat(last.type()).isEqualTo('Z');
    }

    @Test
    void logsInWithTheKeyOfAClientThatLoggedInAgainstTheStoredVerifier() {
        ClientStep client =
                new Login()
                        .run(
                                Login.asServer(HbaMethod.SCRAM_SHA_256, stored("scram_user")),
                                Login.asClient(new ServerCredential.Plain(PASSWORD)))
                        .atServer();
        ServerCredential learned = ((ClientStep.Accepted) client).credential();

        Message last = logIn("scram_user", learned);

        assertThat(learned).isInstanceOf(ServerCredential.ScramClientKey.class);
        assertThat(last.type()).isEqualTo('Z');
    }

    @ParameterizedTest
    @ValueSource(strings = {"md5_user", "scram_user", "password_user"})
    void postgresRefusesAWrongPassword(String user) {
        Message last = logIn(user, new ServerCredential.Plain(Bytes.ofText("wrong")));

        assertThat(last.sqlState()).isEqualTo("28P01");
    }

    private StoredSecret stored(String user) {
        return StoredSecret.parse(
                postgres.queryValue(
                        "postgres",
                        "SELECT rolpassword FROM pg_authid WHERE rolname = '" + user + "'"));
    }

    /** ReadyForQuery or the ErrorResponse that ended the login. */
    private Message logIn(String user, ServerCredential credential) {
        var machine = new ServerAuthentication(context, user, credential);
        try (WireClient server = WireClient.connect(postgres.address())) {
            server.send(
                    Frontend.startup(
                            Frontend.PROTOCOL_3_0, Map.of("user", user, "database", "postgres")));
            while (true) {
                Message message = server.read();
                if (message.type() != 'R') {
                    return message;
                }
                ServerStep step = machine.onRequest(decode(message));
                switch (Login.settle(machine, step)) {
                    case ServerStep.Send(FrontendMessage answer) ->
                            server.send(
                                    Frontend.message((char) answer.type(), Login.bodyOf(answer)));
                    case ServerStep.Wait _ -> {}
                    case ServerStep.Done _ -> {
                        return server.readUntilReady().getLast();
                    }
                    case ServerStep.Derive _, ServerStep.Failed _ ->
                            throw new AssertionError(step.toString());
                }
            }
        }
    }

    private static Authentication decode(Message message) {
        ByteBuf body = Unpooled.wrappedBuffer(message.body());
        try {
            return Authentication.decode(body);
        } finally {
            body.release();
        }
    }
}
