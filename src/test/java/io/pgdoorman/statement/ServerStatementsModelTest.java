package io.pgdoorman.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.statement.ServerStatements.Entry;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Random batches against a model of a server: what the list calls prepared is there, under that
 * name, and what is there is not forgotten, so that it can be closed.
 */
class ServerStatementsModelTest {
    private static final int SEQUENCES = 3_000;
    private static final int STEPS = 80;
    private static final int MOST = 4;

    @Test
    void agreesWithAServerWhateverFailsAndHoweverLateItAnswers() {
        for (int seed = 0; seed < SEQUENCES; seed++) {
            new Play(seed).run();
        }
    }

    /** A message; a text that is null closes. A Sync has no name. */
    private record Sent(String name, String text, boolean fails) {}

    private static final class Play {
        private final Random random;
        private final String seed;
        private final StringBuilder story = new StringBuilder();
        private final List<Statement> statements =
                IntStream.range(0, 8).mapToObj(Play::statement).toList();
        private final ArrayDeque<Sent> wire = new ArrayDeque<>();

        /** What the server has, by name. */
        private final Map<String, String> server = new HashMap<>();

        private ServerStatements list = new ServerStatements();

        Play(int seed) {
            this.random = new Random(seed);
            this.seed = "seed " + seed;
        }

        private static Statement statement(int i) {
            byte[] definition = ("SELECT " + i + "\0\0\0").getBytes(StandardCharsets.US_ASCII);
            return new Statement(definition, "", i + 1, 0, false);
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3, 4 -> prepare(random.nextInt(6) == 0);
                    case 5 -> statements.get(random.nextInt(8)).renew(0);
                    case 6, 7 -> sync();
                    default -> answerBatch();
                }
                if (random.nextInt(4) == 0) {
                    ServerStatements.Frozen frozen = list.freeze();
                    list.release();
                    list = ServerStatements.thaw(frozen, UnaryOperator.identity());
                }
            }
            sync();
            while (!wire.isEmpty()) {
                answerBatch();
            }
            check();
        }

        private void prepare(boolean fails) {
            Statement statement = statements.get(random.nextInt(8));
            if (list.use(statement) != null) {
                return;
            }
            for (Entry old = list.toClose(MOST); old != null; old = list.toClose(MOST)) {
                send(new Sent(name(old), null, false));
            }
            send(new Sent(name(list.prepare(statement)), text(statement), fails));
        }

        private void sync() {
            list.nextBatch();
            send(new Sent("", null, false));
        }

        private void send(Sent sent) {
            wire.add(sent);
            story.append(sent).append('\n');
        }

        /** The server reads up to the next Sync, if that was sent. */
        private void answerBatch() {
            if (wire.stream().noneMatch(sent -> sent.name.isEmpty())) {
                return;
            }
            int skipped = 0;
            boolean failed = false;
            for (Sent sent = wire.remove(); !sent.name.isEmpty(); sent = wire.remove()) {
                failed = failed || !execute(sent);
                if (failed) {
                    skipped++;
                } else {
                    list.confirmed();
                }
            }
            list.undo(skipped, true);
            story.append("answered\n");
        }

        private boolean execute(Sent sent) {
            if (sent.text == null) {
                server.remove(sent.name);
                return true;
            }
            if (sent.fails || server.containsKey(sent.name)) {
                return false;
            }
            server.put(sent.name, sent.text);
            return true;
        }

        private void check() {
            for (Statement statement : statements) {
                Entry entry = list.use(statement);
                if (entry != null) {
                    assertThat(server)
                            .as(this::toString)
                            .containsEntry(name(entry), text(statement));
                }
            }
            for (Entry old = list.toClose(1); old != null; old = list.toClose(1)) {
                server.remove(name(old));
            }
            assertThat(server).as(this::toString).isEmpty();
            assertThat(list.isEmpty()).as(this::toString).isTrue();
        }

        private static String name(Entry entry) {
            return new String(entry.name(), StandardCharsets.US_ASCII);
        }

        private static String text(Statement statement) {
            return new String(statement.definition(), StandardCharsets.US_ASCII);
        }

        @Override
        public String toString() {
            return seed + "\n" + story;
        }
    }
}
