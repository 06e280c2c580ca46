package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.statement.Statement;
import io.pgdoorman.statement.StatementMemory;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;

class ClientStatementsTest {
    private static final int SEQUENCES = 5_000;
    private static final int BATCHES = 12;

    private final StatementName s = StatementName.of("s");
    private final Statement one = statement(1);
    private final Statement two = statement(2);
    private ClientStatements own = new ClientStatements();

    private static Statement statement(int number) {
        byte[] definition = ("SELECT " + number + "\0\0\0").getBytes(StandardCharsets.US_ASCII);
        return new Statement(definition, "", number, 0, false);
    }

    private @Nullable Statement get(StatementName name) {
        ClientStatements.Named named = own.get(name);
        return named == null ? null : named.statement();
    }

    private void freezeAndThaw() {
        FrozenStatements frozen = own.freeze(List.of());
        own = new ClientStatements();
        own.restore(frozen, UnaryOperator.identity());
    }

    @Test
    void aNameIsInDoubtUntilItsParseIsAnswered() {
        own.parse(s, one);
        freezeAndThaw();
        boolean before = own.get(s).isInDoubt();
        own.confirmed();

        assertThat(before).isTrue();
        assertThat(own.get(s).isInDoubt()).isFalse();
        assertThat(own.isOnItsWay(s)).isFalse();
    }

    @Test
    void aSecondParseCountsIfTheFirstHasFailed() {
        own.parse(s, one);
        own.parseAgain(s, two);

        own.undo(1, true);
        Statement between = get(s);
        own.confirmed();

        assertThat(between).isSameAs(two);
        assertThat(get(s)).isSameAs(two);
    }

    @Test
    void aSecondParseThatFailsTooLeavesNothing() {
        own.parse(s, one);
        own.parseAgain(s, two);

        own.undo(1, true);
        own.undo(1, true);

        assertThat(get(s)).isNull();
    }

    @Test
    void aSecondParseOfTheSameTextThatFailsTakesNothingAway() {
        own.parse(s, one);
        own.confirmed();
        own.parseAgain(s, one);
        freezeAndThaw();

        own.undo(1, true);

        assertThat(get(s)).isSameAs(one);
    }

    @Test
    void aSecondParseOfTheSameTextThatFailsAsTheFirstDidLeavesNothing() {
        own.parse(s, one);
        own.parseAgain(s, one);

        own.undo(1, true);
        freezeAndThaw();
        own.undo(1, true);

        assertThat(get(s)).isNull();
    }

    @Test
    void whatWasParsedBehindADiscardStays() {
        own.parse(s, one);
        own.confirmed();
        own.clear();
        own.parse(s, two);

        own.gone();

        assertThat(get(s)).isSameAs(two);
        assertThat(own.size()).isOne();
    }

    @Test
    void aDeallocateThatIsRefusedChangesNothing() {
        own.parse(s, one);
        own.confirmed();
        own.close(s);

        own.refuse();
        own.confirmed();

        assertThat(get(s)).isSameAs(one);
    }

    @Test
    void aFailedUnnamedParseLeavesNoneAndASkippedOneTheOneBefore() {
        own.parseUnnamed(one, false);
        own.confirmed();
        own.parseUnnamed(two, false);
        own.undo(1, false);
        Statement skipped = own.unnamed();
        own.parseUnnamed(two, false);
        own.undo(1, true);

        assertThat(skipped).isSameAs(one);
        assertThat(own.unnamed()).isNull();
    }

    @Test
    void showsALongNameAsItCameAndFindsItByWhatPostgresKeeps() {
        String text = "n".repeat(100);
        own.parse(StatementName.of(text), one);

        ClientStatements.Named named = own.get(StatementName.of("n".repeat(63)));

        assertThat(named).isNotNull();
        assertThat(named.name().bytes()).hasSize(100);
    }

    @Test
    void aTextCountsOnceAndEachNameCounts() {
        long before = StatementMemory.held();
        var text = new Statement(new byte[10_000], "", 7, 0, true);
        own.parse(StatementName.of("a"), text);
        long one = StatementMemory.held() - before;

        own.parse(StatementName.of("b"), text);

        assertThat(one).isGreaterThan(10_000);
        assertThat(StatementMemory.held() - before - one).isBetween(1L, 1_000L);
        own.close(StatementName.of("a"));
        own.close(StatementName.of("b"));
        assertThat(StatementMemory.held()).isEqualTo(before);
    }

    @Test
    void whatIsNotSharedGoesWithItsClient() {
        var shared = new Statement(new byte[] {1, 0, 0, 0}, "", 7, 0, true);
        var alone = new Statement(new byte[] {2, 0, 0, 0}, "", 8, 0, false);
        own.parse(StatementName.of("a"), shared);
        own.parse(StatementName.of("b"), alone);

        own.end();

        assertThat(shared.definitionLength()).isEqualTo(4);
        assertThat(alone.definitionLength()).isZero();
        assertThat(alone.isPassing()).isFalse();
    }

    @Test
    void agreesWithPostgresWhateverFailsInABatch() {
        for (int seed = 0; seed < SEQUENCES; seed++) {
            new Play(seed).run();
        }
    }

    /** Random batches against the names of a session of PostgreSQL; the empty one is unnamed. */
    private final class Play {
        private final Random random;
        private final Map<String, Statement> postgres = new HashMap<>();
        private final List<Message> batch = new ArrayList<>();
        private final StringBuilder story = new StringBuilder();

        /** A Parse, or a Close if {@code statement} is null. */
        private record Message(String name, @Nullable Statement statement, boolean fails) {}

        Play(int seed) {
            this.random = new Random(seed);
            own = new ClientStatements();
            story.append("seed ").append(seed).append('\n');
        }

        void run() {
            long held = StatementMemory.held();
            for (int i = 0; i < BATCHES; i++) {
                for (int n = random.nextInt(6); n > 0; n--) {
                    send();
                }
                answer();
                check();
            }
            own.end();
            assertThat(StatementMemory.held()).as(story::toString).isEqualTo(held);
        }

        private void send() {
            String text = new String[] {"", "a", "b", "c"}[random.nextInt(4)];
            boolean closes = random.nextInt(3) == 0;
            Statement statement = closes ? null : statement(random.nextInt(100));
            var message = new Message(text, statement, random.nextInt(8) == 0);
            story.append(message).append('\n');
            var name = StatementName.of(text);
            if (text.isEmpty()) {
                if (statement == null) {
                    own.closeUnnamed();
                } else {
                    own.parseUnnamed(statement, false);
                }
            } else if (statement != null) {
                if (own.get(name) == null) {
                    own.parse(name, statement);
                } else {
                    own.parseAgain(name, statement);
                }
            } else if (own.get(name) != null || own.isOnItsWay(name)) {
                own.close(name);
            } else {
                return; // PostgreSQL answers alone
            }
            batch.add(message);
            if (random.nextBoolean()) {
                freezeAndThaw();
            }
        }

        private void answer() {
            int done = 0;
            while (done < batch.size() && execute(batch.get(done))) {
                own.confirmed();
                done++;
            }
            if (done < batch.size()) {
                own.undo(batch.size() - done, true);
            }
            batch.clear();
        }

        private boolean execute(Message message) {
            Statement statement = message.statement;
            if (statement == null) {
                postgres.remove(message.name);
                return true;
            }
            if (message.name.isEmpty()) {
                postgres.remove(message.name);
            }
            if (message.fails || postgres.containsKey(message.name)) {
                return false;
            }
            postgres.put(message.name, statement);
            return true;
        }

        private void check() {
            assertThat(own.unnamed()).as(story::toString).isSameAs(postgres.get(""));
            for (String name : new String[] {"a", "b", "c"}) {
                assertThat(get(StatementName.of(name)))
                        .as(story::toString)
                        .isSameAs(postgres.get(name));
            }
        }
    }
}
