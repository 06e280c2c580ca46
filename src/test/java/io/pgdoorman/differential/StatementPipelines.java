package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import io.pgdoorman.differential.Sequence.Send;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Several batches on their way at once, of which some fail. */
final class StatementPipelines {
    private StatementPipelines() {}

    /** What the first of two batches holds; {@code tail} makes its texts new to the pool. */
    private static Map<String, Send> first(String tail) {
        Send wrong = parse("x", "SELEC");
        Send s = parse("s", "SELECT 's' /* " + tail + " */");
        Send another = parse("old", "SELECT 'new' /* " + tail + " */");
        var first = new TreeMap<String, Send>();
        first.put("Parse", s);
        first.put("failed Parse", parse("s", "SELEC"));
        first.put("Parse before an error", all(s, wrong));
        first.put("Parse behind an error", all(wrong, s));
        first.put("Close", closeStatement("old"));
        first.put("Close behind an error", all(wrong, closeStatement("old")));
        first.put("new text", all(closeStatement("old"), another));
        first.put("new text behind an error", all(wrong, closeStatement("old"), another));
        first.put("wrong new text", all(closeStatement("old"), parse("old", "SELEC")));
        first.put("Bind of a stranger", bind("", "stranger"));
        first.put("two texts", all(s, parse("t", "SELECT 't'")));
        first.put("division by zero", run("SELECT 1/0"));
        return first;
    }

    /** What the second does then. */
    private static Map<String, Send> second(String tail) {
        var second = new TreeMap<String, Send>();
        second.put("runs s", all(bind("", "s"), execute()));
        second.put("describes s", describeStatement("s"));
        second.put(
                "parses s",
                all(parse("s", "SELECT 's' /* " + tail + " */"), bind("", "s"), execute()));
        second.put("parses another s", all(parse("s", "SELECT 'z'"), bind("", "s"), execute()));
        second.put("closes and parses s", all(closeStatement("s"), parse("s", "SELECT 'y'")));
        second.put("closes s and old", all(closeStatement("s"), closeStatement("old")));
        return second;
    }

    static List<Sequence> sequences() {
        var all = new ArrayList<Sequence>();
        for (String first : first("").keySet()) {
            for (String second : second("").keySet()) {
                all.add(twoBatches(first, second));
            }
            all.add(inTransaction(first));
        }
        special(all);
        return all;
    }

    private static Send old() {
        return all(parse("old", "SELECT 'old'"), sync());
    }

    private static Send after() {
        return all(bind("", "s"), execute(), sync(), bind("", "old"), execute(), sync());
    }

    private static Sequence twoBatches(String one, String two) {
        String title = one + ", then " + two;
        return sequence(
                title,
                old(),
                ready(),
                first(title).get(one),
                sync(),
                second(title).get(two),
                sync(),
                ready(2),
                after(),
                ready(2));
    }

    private static Sequence inTransaction(String one) {
        String title = one + ", then another in a transaction";
        return sequence(
                title,
                old(),
                ready(),
                query("BEGIN"),
                first(title).get(one),
                sync(),
                bind("", "s"),
                execute(),
                sync(),
                closeStatement("old"),
                sync(),
                parse("u", "SELECT 'u' /* " + title + " */"),
                sync(),
                query("ROLLBACK"),
                after(),
                bind("", "u"),
                execute(),
                sync(),
                ready(9));
    }

    private static void special(List<Sequence> all) {
        all.add(
                sequence(
                        "hundred statements in a hundred batches",
                        all(
                                IntStream.range(0, 100)
                                        .mapToObj(
                                                i ->
                                                        all(
                                                                parse(
                                                                        "s" + i,
                                                                        "SELECT 'p" + i + "'"),
                                                                bind("", "s" + i),
                                                                execute(),
                                                                sync()))
                                        .toArray(Send[]::new)),
                        ready(100),
                        all(
                                IntStream.range(0, 100)
                                        .mapToObj(i -> all(bind("", "s" + i), execute(), sync()))
                                        .toArray(Send[]::new)),
                        ready(100)));
        all.add(
                sequence(
                        "one statement of a hundred names at once",
                        all(
                                IntStream.range(0, 100)
                                        .mapToObj(i -> parse("s" + i, "SELECT 'one text'"))
                                        .toArray(Send[]::new)),
                        sync(),
                        ready(),
                        all(
                                IntStream.range(0, 100)
                                        .mapToObj(i -> all(bind("", "s" + i), execute()))
                                        .toArray(Send[]::new)),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "every tenth batch fails",
                        all(
                                IntStream.range(0, 50)
                                        .mapToObj(
                                                i ->
                                                        all(
                                                                parse(
                                                                        "s" + i,
                                                                        i % 10 == 5
                                                                                ? "SELEC"
                                                                                : "SELECT 'm'"),
                                                                bind("", "s" + i),
                                                                execute(),
                                                                sync()))
                                        .toArray(Send[]::new)),
                        ready(50)));
        all.add(
                sequence(
                        "unnamed statement in every batch",
                        times(
                                20,
                                all(
                                        parse("SELECT $1::int /* in every batch */"),
                                        bind("", "", "1"),
                                        describe(),
                                        execute(),
                                        sync())),
                        ready(20)));
        all.add(
                sequence(
                        "two unnamed texts in turn",
                        times(
                                10,
                                all(
                                        run("SELECT $1::int /* one */", "1"),
                                        run("SELECT $1::text /* two */", "b"),
                                        sync())),
                        ready(10)));
        all.add(
                sequence(
                        "transactions in a pipeline",
                        parse("begin", "BEGIN"),
                        parse("commit", "COMMIT"),
                        parse("s", "SELECT 'in it'"),
                        sync(),
                        ready(),
                        times(
                                5,
                                all(
                                        bind("", "begin"),
                                        execute(),
                                        bind("", "s"),
                                        execute(),
                                        bind("", "commit"),
                                        execute(),
                                        sync())),
                        ready(5)));
        all.add(
                sequence(
                        "failing transactions in a pipeline",
                        parse("begin", "BEGIN"),
                        parse("rollback", "ROLLBACK"),
                        parse("s", "SELECT 1/$1::int"),
                        sync(),
                        ready(),
                        times(
                                3,
                                all(
                                        bind("", "begin"),
                                        execute(),
                                        sync(),
                                        bind("", "s", "0"),
                                        execute(),
                                        sync(),
                                        parse("again", "SELECT 1/$1::int"),
                                        bind("", "again", "1"),
                                        execute(),
                                        sync(),
                                        bind("", "rollback"),
                                        execute(),
                                        sync(),
                                        bind("", "s", "1"),
                                        execute(),
                                        sync())),
                        ready(15)));
        all.add(
                sequence(
                        "simple queries between the batches",
                        parse("s", "SELECT 's'"),
                        sync(),
                        query("SELECT 'q'"),
                        bind("", "s"),
                        execute(),
                        sync(),
                        query("SELEC"),
                        parse("t", "SELECT 's'"),
                        sync(),
                        query("SELECT 'q'"),
                        bind("", "t"),
                        execute(),
                        sync(),
                        ready(7)));
        all.add(
                sequence(
                        "Flush in every place",
                        parse("s", "SELECT 'flush'"),
                        flush(),
                        parse("t", "SELECT 'flush'"),
                        flush(),
                        bind("", "t"),
                        flush(),
                        execute(),
                        flush(),
                        until('C'),
                        closeStatement("s"),
                        flush(),
                        until('3'),
                        parse("s", "SELEC"),
                        flush(),
                        until('E'),
                        closeStatement("t"),
                        flush(),
                        sync(),
                        ready(),
                        bind("", "t"),
                        execute(),
                        sync(),
                        ready()));
    }
}
