package io.pgdoorman.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.RestartingPooler;

import org.junit.jupiter.api.DynamicContainer;

import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Plays every sequence directly and on a target. With the system property {@code
 * pg_doorman.test.sequences=half} those that fit pools of one server and of three are played in one
 * of them alone. Threads: the test's thread.
 */
final class Differential {
    private static final PostgresServer SERVER = PostgresServer.shared();

    private static final boolean HALF =
            System.getProperty("pg_doorman.test.sequences", "all").equals("half");
    static final Map<String, List<Sequence>> TOPICS = topics();
    private static final Map<Sequence, Integer> PLACES = places();
    private static final Map<Sequence, List<String>> EXPECTED = new ConcurrentHashMap<>();

    static {
        Database.create(SERVER);
    }

    private Differential() {}

    /** In session mode their messages pass as any others; and many of them take two clients. */
    private static final Set<String> OF_TRANSACTION_MODE =
            Set.of(
                    "prepared statements",
                    "lives of statements",
                    "failing statements",
                    "commands about statements",
                    "pipelines of statements");

    private static Map<String, List<Sequence>> topics() {
        var topics = new LinkedHashMap<String, List<Sequence>>();
        topics.put("simple queries", SimpleQueries.sequences());
        topics.put("extended queries", ExtendedQueries.sequences());
        topics.put("errors", Errors.sequences());
        topics.put("portals", Portals.sequences());
        topics.put("statements", Statements.sequences());
        topics.put("prepared statements", PreparedStatements.sequences());
        topics.put("lives of statements", StatementLives.sequences());
        topics.put("failing statements", FailingStatements.sequences());
        topics.put("commands about statements", StatementCommands.sequences());
        topics.put("pipelines of statements", StatementPipelines.sequences());
        topics.put("transactions", Transactions.sequences());
        topics.put("copies", Copies.sequences());
        topics.put("copies by the extended protocol", ExtendedCopies.sequences());
        topics.put("parameters", Parameters.sequences());
        topics.put("startups", Startups.sequences());
        topics.put("asynchronous messages", AsynchronousMessages.sequences());
        topics.put("cancels", Cancels.sequences());
        topics.put("violations", Violations.sequences());
        topics.put("large messages", LargeMessages.sequences());
        return topics;
    }

    /** A test that plays each sequence twice to PostgreSQL itself. */
    static Stream<DynamicContainer> directTests() {
        return tests(Set.of(), _ -> true, sequence -> compare(sequence, direct()));
    }

    /** A test of each sequence that fits a pool of this kind. */
    static Stream<DynamicContainer> pooledTests(
            RestartingPooler pooler, boolean session, int size) {
        return tests(
                session ? OF_TRANSACTION_MODE : Set.of(),
                sequence -> isFor(sequence, session, size),
                sequence ->
                        pooler.run(
                                process ->
                                        compare(
                                                sequence,
                                                pooled(
                                                        process,
                                                        SharedPooler.pool(session, size)))));
    }

    /** A test of each sequence in the pool whose servers keep one prepared statement. */
    static Stream<DynamicContainer> scarceTests(RestartingPooler pooler) {
        return tests(
                Set.of(),
                sequence -> sequence.fits(false, 3) && (!HALF || isEven(sequence)),
                sequence ->
                        pooler.run(
                                process ->
                                        compare(sequence, pooled(process, SharedPooler.SCARCE))));
    }

    /** Whether it is played in this pool: it fits, and if half is asked for, it is this one's. */
    private static boolean isFor(Sequence sequence, boolean session, int size) {
        boolean elsewhere = HALF && sequence.fits(session, size == 1 ? 3 : 1);
        return sequence.fits(session, size) && (!elsewhere || isEven(sequence) == (size == 1));
    }

    /** By its place in its topic. */
    private static boolean isEven(Sequence sequence) {
        return PLACES.get(sequence) % 2 == 0;
    }

    private static Map<Sequence, Integer> places() {
        var places = new IdentityHashMap<Sequence, Integer>();
        TOPICS.values()
                .forEach(
                        topic -> {
                            for (int i = 0; i < topic.size(); i++) {
                                places.put(topic.get(i), i);
                            }
                        });
        return places;
    }

    private static Stream<DynamicContainer> tests(
            Set<String> without, Predicate<Sequence> fits, Consumer<Sequence> test) {
        return TOPICS.entrySet().stream()
                .filter(topic -> !without.contains(topic.getKey()))
                .map(
                        topic ->
                                dynamicContainer(
                                        topic.getKey(),
                                        topic.getValue().stream()
                                                .filter(fits)
                                                .map(
                                                        sequence ->
                                                                dynamicTest(
                                                                        sequence.name(),
                                                                        () ->
                                                                                test.accept(
                                                                                        sequence)))));
    }

    private static Target direct() {
        return new Target(SERVER.address(), Database.NAME);
    }

    private static Target pooled(PoolerProcess process, String pool) {
        return new Target(process.address(), pool);
    }

    private static void compare(Sequence sequence, Target target) {
        List<String> expected = EXPECTED.computeIfAbsent(sequence, _ -> play(sequence, direct()));

        List<String> actual = play(sequence, target);

        assertThat(sequence.difference(expected, actual)).isEmpty();
    }

    private static List<String> play(Sequence sequence, Target target) {
        Database.restore(SERVER);
        return sequence.play(target);
    }
}
