package io.pgdoorman.process.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.WireServer;

import org.junit.jupiter.api.Test;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/** What a client of the load reports, in front of a server that answers as its script says. */
class LoadClientTest {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int NUMBER = 7;

    private final Pace pace = Pace.withoutPauses();
    private final List<Fault> reported = new ArrayList<>();

    @Test
    void reportsNothingAboutRightAnswers() throws InterruptedException {
        try (WireServer server = answering(answer -> answer)) {
            LoadClient client = start(server);
            client.awaitRounds(3, LIMIT);

            pace.stop();
            client.awaitEnd(LIMIT.toMillis());

            assertThat(client.fault()).isEmpty();
            assertThat(reported).isEmpty();
            assertThat(client.rounds()).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void reportsOneWrongByteWithWhatCameAndWhatShouldHaveComeAndWhen() throws InterruptedException {
        try (WireServer server = answering(answer -> answer.replace("2 to", "2 tp"))) {
            LoadClient client = start(server);

            client.awaitEnd(LIMIT.toMillis());

            assertThat(client.fault().orElseThrow().who())
                    .isEqualTo("SLEEPING 0 of pool transaction_12 after 2 rounds");
            assertThat(client.fault().orElseThrow().what())
                    .contains("message 2 of 4: expected <D answer 2 to 7>, came <D answer 2 tp 7>");
            assertThat(reported).containsExactly(client.fault().orElseThrow());
        }
    }

    @Test
    void reportsAnEndThatNobodyAskedFor() throws InterruptedException {
        try (WireServer server =
                WireServer.start(
                        peer -> {
                            peer.login();
                            peer.read();
                            peer.close();
                        })) {
            LoadClient client = start(server);

            client.awaitEnd(LIMIT.toMillis());

            assertThat(client.fault().orElseThrow().what())
                    .contains("message 1 of 4: expected <T answer>, came <(closed)>");
        }
    }

    @Test
    void reportsAnAnswerThatDoesNotCome() throws InterruptedException {
        try (WireServer server = WireServer.start(WireServer.Peer::login)) {
            LoadClient client = start(server, Duration.ofMillis(100));

            client.awaitEnd(LIMIT.toMillis());

            assertThat(client.fault().orElseThrow().what()).contains("nothing more within PT0.1S");
        }
    }

    @Test
    void reportsAClientThatDoesNotEndAndWhereItIs() throws InterruptedException {
        try (WireServer server = WireServer.start(WireServer.Peer::login)) {
            LoadClient client = start(server);

            client.awaitEnd(100);

            assertThat(client.fault().orElseThrow().what())
                    .contains("does not end, is in")
                    .contains("SleepingQueries.round");
        }
    }

    /** Answers the queries of one {@link SleepingQueries}, each after {@code change}. */
    private static WireServer answering(UnaryOperator<String> change) {
        return WireServer.start(
                peer -> {
                    peer.login();
                    for (int round = 0; peer.read() == 'Q'; round++) {
                        String answer = "answer %d to %d".formatted(round, NUMBER);
                        peer.send(
                                Backend.rowDescription("answer"),
                                Backend.dataRow(change.apply(answer)),
                                Backend.commandComplete("SELECT 1"),
                                Backend.readyForQuery('I'));
                    }
                    peer.close();
                });
    }

    private LoadClient start(WireServer server) {
        return start(server, LIMIT);
    }

    private LoadClient start(WireServer server, Duration limit) {
        var address = new InetSocketAddress("127.0.0.1", server.port());
        var door = new Door(address, "app", "", "database", limit);
        var seat = new Seat(0, NUMBER, new Door.Pair(door, door), pace, new Random(1));
        return new LoadClient(ClientKind.SLEEPING, seat, reported::add).start();
    }
}
