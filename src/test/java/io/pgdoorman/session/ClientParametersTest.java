package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client's parameters, whichever server it meets. */
@ExtendWith(LeakCheck.class)
class ClientParametersTest {
    private static final byte[] QUERY = Frontend.query("select 1");
    private static final byte[] ANSWER =
            Frontend.concat(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));
    private static final byte[] SET_DONE =
            Frontend.concat(Backend.commandComplete("SET"), Backend.readyForQuery('I'));

    private final SessionStage stage = new SessionStage();

    @AfterEach
    void everyPermitComesBack() {
        stage.dispose();
        assertThat(stage.pool().open() - stage.source.logins.size()).isZero();
    }

    private void rehearse(boolean rehearse) {
        stage.rehearse = rehearse;
        stage.source.rehearse = rehearse;
        stage.rebuild();
    }

    @Test
    void needNothingIfTheServerHasThemAlready() {
        TestChannel client = stage.client();

        client.send(QUERY);

        assertThat(stage.accept().receivedBytes()).isEqualTo(QUERY);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void areSetOnAServerThatHasOthers(boolean rehearse) {
        rehearse(rehearse);
        TestChannel client = stage.client(stage.source.reported.with("TimeZone", "CET"));
        client.send(QUERY);
        TestChannel server = stage.accept();

        byte[] sent = server.receivedBytes();
        server.sendInPieces(
                Frontend.concat(
                        Backend.commandComplete("SET"),
                        Backend.parameterStatus("TimeZone", "CET"),
                        Backend.readyForQuery('I'),
                        ANSWER),
                7);

        assertThat(sent).isEqualTo(Frontend.concat(Frontend.query("SET TimeZone TO 'CET'"), QUERY));
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void areNotSetTwice() {
        TestChannel client = stage.client(stage.source.reported.with("TimeZone", "CET"));
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(Backend.parameterStatus("TimeZone", "CET"), SET_DONE, ANSWER);
        server.receivedBytes();

        client.send(QUERY);

        assertThat(server.receivedBytes()).isEqualTo(QUERY);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void changeWithWhatTheClientSets(boolean rehearse) {
        rehearse(rehearse);
        TestChannel first = stage.client();
        TestChannel second = stage.client();
        first.send(Frontend.query("set timezone to 'CET'"));
        TestChannel server = stage.accept();
        byte[] report = Backend.parameterStatus("TimeZone", "CET");
        server.send(report, SET_DONE);
        server.receivedBytes();
        // the trace of the SET is removed
        server.send(
                Backend.commandComplete("RESET"),
                Backend.parameterStatus("TimeZone", "UTC"),
                Backend.readyForQuery('I'));

        second.send(QUERY);
        byte[] sentForSecond = server.receivedBytes();
        server.send(ANSWER);
        first.send(QUERY);
        byte[] sentForFirst = server.receivedBytes();
        server.send(report, SET_DONE, ANSWER);

        assertThat(sentForSecond).isEqualTo(QUERY);
        assertThat(sentForFirst)
                .isEqualTo(Frontend.concat(Frontend.query("SET TimeZone TO 'CET'"), QUERY));
        assertThat(first.receivedBytes()).isEqualTo(Frontend.concat(report, SET_DONE, ANSWER));
        assertThat(second.receivedBytes()).isEqualTo(ANSWER);
    }

    @Test
    void takeOverWhatNoSessionCanSet() {
        TestChannel client = stage.client(stage.source.reported.with("server_version", "17.0"));
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);

        assertThat(server.receivedBytes()).isEqualTo(QUERY);
        assertThat(client.receivedBytes())
                .isEqualTo(
                        Frontend.concat(Backend.parameterStatus("server_version", "18.1"), ANSWER));
    }

    @Test
    void takeOverTheFormPostgresGivesAValue() {
        TestChannel client = stage.client(stage.source.reported.with("TimeZone", "utc+0"));
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(Backend.parameterStatus("TimeZone", "<+00>-00"), SET_DONE, ANSWER);
        server.receivedBytes();

        client.send(QUERY);

        assertThat(client.receivedTypes()).contains("S");
        assertThat(server.receivedBytes()).isEqualTo(QUERY);
    }

    @Test
    void keepTheClientsOwnNameWhenItIsReset() {
        TestChannel client = stage.client(stage.source.reported.with("application_name", "app"));
        client.send(Frontend.query("reset application_name"));
        TestChannel server = stage.accept();
        server.send(Backend.parameterStatus("application_name", "app"), SET_DONE);

        server.send(Backend.parameterStatus("application_name", "pooler"));
        server.send(Backend.commandComplete("RESET"), Backend.readyForQuery('I'));

        assertThat(client.receivedBytes()) // nothing new: the name is what it was
                .isEqualTo(
                        Frontend.concat(
                                Backend.commandComplete("RESET"), Backend.readyForQuery('I')));
    }

    @Test
    void endTheSessionIfTheyCannotBeSet() {
        TestChannel client = stage.client(stage.source.reported.with("TimeZone", "Nowhere"));
        client.send(QUERY);
        TestChannel server = stage.accept();

        server.send(Backend.error("22023", "invalid value"), Backend.readyForQuery('I'));

        assertThat(client.received().getLast().field('S')).isEqualTo("FATAL");
        assertThat(client.isOutputShutdown()).isTrue();
        server.send(ANSWER);
        assertThat(stage.pool().idle()).isEqualTo(1);
    }
}
