package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import io.pgdoorman.differential.Sequence.Step;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * All that may happen to a statement in its life, for each kind of text, with a name and without,
 * and for each thing the pooler may know of it before.
 */
final class StatementLives {
    private StatementLives() {}

    /** What is prepared; {@code arguments} are what its Bind needs. */
    private record Text(String what, String sql, boolean valid, String... arguments) {}

    private static final List<Text> TEXTS =
            List.of(
                    new Text("constant", "SELECT 'x' AS a", true),
                    new Text("parameter", "SELECT $1::int + 1", true, "41"),
                    new Text("insert", "INSERT INTO scratch VALUES ($1, 'x')", true, "7"),
                    new Text("empty", "", true),
                    new Text("wrong syntax", "SELEC 1", false),
                    new Text("unknown table", "SELECT * FROM nowhere", false));

    /** Who has prepared the text before. */
    private enum Past {
        UNSEEN("first seen"),
        OTHERS("known from another client"),
        OWN("known from the client itself"),
        PUSHED_OUT("known and pushed out");

        private final String words;

        Past(String words) {
            this.words = words;
        }

        /** All of them for one text; for the others whether it is new. */
        boolean matters(Text text) {
            return this == UNSEEN || this == OWN || text.what.equals("parameter");
        }

        List<Step> steps(String sql) {
            return switch (this) {
                case UNSEEN -> List.of();
                case OTHERS -> byAnother(parse("other", sql), parse("again", sql));
                case OWN -> List.of(parse(sql), sync(), parse(sql), sync(), ready(2));
                case PUSHED_OUT ->
                        byAnother(
                                parse("other", sql),
                                sync(),
                                parse("one", "SELECT 1"),
                                sync(),
                                parse("two", "SELECT 2"));
            };
        }

        private static List<Step> byAnother(Sequence.Send... sends) {
            return List.of(
                    as("b"),
                    all(sends),
                    sync(),
                    query("SELECT 'done'"),
                    until('C'),
                    ready(),
                    terminate(),
                    end(),
                    as("a"));
        }
    }

    static List<Sequence> sequences() {
        return TEXTS.stream().flatMap(StatementLives::ofText).toList();
    }

    private static Stream<Sequence> ofText(Text text) {
        return Arrays.stream(Past.values())
                .filter(past -> past.matters(text))
                .flatMap(past -> Stream.concat(of(text, past, "s"), of(text, past, "")));
    }

    private static Stream<Sequence> of(Text text, Past past, String name) {
        var lives = new ArrayList<Sequence>();
        var life = new Life(text, past, name, lives);
        life.inOrder();
        life.withErrors();
        life.inTransactions();
        if (text.valid) {
            life.flushed();
        }
        return lives.stream();
    }

    /** Makes the sequences of one text, past and name. */
    private record Life(Text text, Past past, String name, List<Sequence> lives) {
        private void add(String what, Step... steps) {
            String named = name.isEmpty() ? "unnamed" : "named";
            String title = "%s %s, %s: %s".formatted(named, text.what, past.words, what);
            String sql = sql(what);
            var all = new ArrayList<Step>(past.steps(sql));
            all.addAll(List.of(steps));
            lives.add(sequence(title, all.toArray(Step[]::new)));
        }

        /** A text that no other sequence has. */
        private String sql(String what) {
            return text.sql.isEmpty()
                    ? ""
                    : "%s /* %s %s %s */".formatted(text.sql, past, name, what);
        }

        private Sequence.Send parsed(String what) {
            return parse(name, sql(what));
        }

        private Sequence.Send run() {
            return all(bind("", name, text.arguments), describe(), execute());
        }

        private void inOrder() {
            add("one batch", parsed("one batch"), describeStatement(name), run(), sync(), ready());
            add(
                    "batch after batch",
                    parsed("batch after batch"),
                    sync(),
                    ready(),
                    describeStatement(name),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready(),
                    run(),
                    run(),
                    sync(),
                    ready());
            add(
                    "batches at once",
                    parsed("batches at once"),
                    sync(),
                    describeStatement(name),
                    sync(),
                    run(),
                    sync(),
                    run(),
                    run(),
                    sync(),
                    ready(4));
            add(
                    "simple query between",
                    parsed("simple query between"),
                    sync(),
                    ready(),
                    query("SELECT 'between'"),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "closed and bound",
                    parsed("closed and bound"),
                    closeStatement(name),
                    run(),
                    sync(),
                    ready());
            add(
                    "closed later and bound",
                    parsed("closed later and bound"),
                    sync(),
                    ready(),
                    closeStatement(name),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "closed and parsed again",
                    parsed("closed and parsed again"),
                    closeStatement(name),
                    parse(name, "SELECT 'another'"),
                    bind("", name),
                    describe(),
                    execute(),
                    sync(),
                    ready());
        }

        private void withErrors() {
            add(
                    "parsed twice",
                    parsed("parsed twice"),
                    sync(),
                    ready(),
                    parsed("parsed twice"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "parsed twice in a batch",
                    parsed("parsed twice in a batch"),
                    parsed("parsed twice in a batch"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "another text under its name",
                    parsed("another text under its name"),
                    sync(),
                    ready(),
                    parse(name, "SELECT 'another'"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "behind an error",
                    parse("x", "SELEC"),
                    parsed("behind an error"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready(),
                    parsed("behind an error"),
                    run(),
                    sync(),
                    ready());
            add(
                    "before an error",
                    parsed("before an error"),
                    parse("x", "SELEC"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "too many parameters",
                    parsed("too many parameters"),
                    bind("", name, "1", "2", "3"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "closed behind an error",
                    parsed("closed behind an error"),
                    sync(),
                    ready(),
                    parse("x", "SELEC"),
                    closeStatement(name),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready());
        }

        private void inTransactions() {
            add(
                    "before, in and after a transaction",
                    parsed("before, in and after a transaction"),
                    sync(),
                    ready(),
                    query("BEGIN"),
                    ready(),
                    run(),
                    sync(),
                    ready(),
                    query("COMMIT"),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "in a failed transaction",
                    query("BEGIN; SELECT 1/0"),
                    ready(),
                    parsed("in a failed transaction"),
                    sync(),
                    ready(),
                    run(),
                    sync(),
                    ready(),
                    query("ROLLBACK"),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "in a transaction that fails at the same time",
                    query("BEGIN; SELECT 1/0"),
                    parsed("in a transaction that fails at the same time"),
                    describeStatement(name),
                    sync(),
                    parsed("in a transaction that fails at the same time"),
                    run(),
                    sync(),
                    query("ROLLBACK"),
                    ready(4),
                    run(),
                    sync(),
                    ready());
            add(
                    "rolled back",
                    query("BEGIN"),
                    ready(),
                    parsed("rolled back"),
                    sync(),
                    ready(),
                    query("ROLLBACK"),
                    ready(),
                    run(),
                    sync(),
                    ready());
            add(
                    "run in a failed transaction",
                    parsed("run in a failed transaction"),
                    sync(),
                    ready(),
                    query("BEGIN; SELECT 1/0"),
                    ready(),
                    run(),
                    sync(),
                    ready(),
                    query("ROLLBACK"),
                    ready(),
                    run(),
                    sync(),
                    ready());
        }

        private void flushed() {
            add(
                    "flushed after each message",
                    parsed("flushed after each message"),
                    flush(),
                    until('1'),
                    describeStatement(name),
                    flush(),
                    until('t'),
                    bind("", name, text.arguments),
                    flush(),
                    until('2'),
                    execute(),
                    flush(),
                    until(text.sql.isEmpty() ? 'I' : 'C'),
                    closeStatement(name),
                    flush(),
                    until('3'),
                    sync(),
                    ready());
        }
    }
}
