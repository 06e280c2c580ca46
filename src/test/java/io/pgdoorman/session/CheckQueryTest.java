package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.util.Arrays;

/** {@code pooler_check_query}: PostgreSQL answers once, the pooler from then on. */
@ExtendWith(LeakCheck.class)
class CheckQueryTest {
    private static final byte[] CHECK = Frontend.query("select 1");
    private static final byte[] ANSWER = answer("1");

    private SessionStage stage;
    private TestChannel client;
    private TestChannel server;

    private static byte[] answer(String value) {
        return Frontend.concat(
                Backend.rowDescription("?column?"),
                Backend.dataRow(value),
                Backend.commandComplete("SELECT 1"),
                Backend.readyForQuery('I'));
    }

    @BeforeEach
    void askOnce() {
        stage = new SessionStage();
        stage.checkQuery = "select 1";
        stage.rebuild();
        client = stage.client();
        client.send(CHECK);
        server = stage.accept();
        assertThat(server.receivedBytes()).isEqualTo(CHECK);
    }

    @AfterEach
    void dispose() {
        stage.dispose();
    }

    @Test
    void theSecondIsAnsweredWithoutAServer() {
        server.send(ANSWER);
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        TestChannel other = stage.client();

        other.send(CHECK);

        assertThat(other.receivedBytes()).isEqualTo(ANSWER);
        assertThat(server.receivedBytes()).isEmpty();
    }

    @Test
    void piecesAreEnough() {
        for (byte b : ANSWER) {
            server.send(new byte[] {b});
        }
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);

        for (byte b : CHECK) {
            client.send(new byte[] {b});
        }

        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        assertThat(server.receivedBytes()).isEmpty();
    }

    @Test
    void anErrorIsNoAnswer() {
        byte[] error =
                Frontend.concat(Backend.error("ERROR", "57014", "no"), Backend.readyForQuery('I'));
        server.send(error);
        assertThat(client.receivedBytes()).isEqualTo(error);

        client.send(CHECK);

        assertThat(server.receivedBytes()).isEqualTo(CHECK);
    }

    @Test
    void anAnswerAmongOthersIsNotKept() {
        client.send(Frontend.query("select 2"));
        server.receivedBytes();
        server.send(ANSWER);
        server.send(answer("2"));
        client.receivedBytes();

        client.send(CHECK);

        assertThat(server.receivedBytes()).isEqualTo(CHECK);
    }

    @Test
    void otherTextsGoToPostgres() {
        server.send(ANSWER);
        client.receivedBytes();
        byte[] sameLength = Frontend.query("select 2");

        client.send(sameLength);

        assertThat(server.receivedBytes()).isEqualTo(sameLength);
    }

    @Test
    void inATransactionPostgresAnswers() {
        server.send(ANSWER);
        client.receivedBytes();
        client.send(Frontend.query("begin"));
        server.receivedBytes();
        server.send(Backend.commandComplete("BEGIN"), Backend.readyForQuery('T'));

        client.send(CHECK);

        assertThat(server.receivedBytes()).isEqualTo(CHECK);
    }

    @Test
    void aQueryWithoutItsTerminatorIsNotAnswered() {
        server.send(ANSWER);
        client.receivedBytes();
        byte[] broken = Arrays.copyOf(CHECK, CHECK.length);
        broken[broken.length - 1] = 'x';

        client.send(broken);

        assertThat(server.receivedBytes()).isEqualTo(broken);
    }
}
