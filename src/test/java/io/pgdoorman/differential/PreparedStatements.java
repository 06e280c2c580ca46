package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import io.pgdoorman.differential.Sequence.Send;
import io.pgdoorman.differential.Sequence.Step;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Names, types, portals, several servers and what becomes of a client's statements afterwards. */
final class PreparedStatements {
    private static final int INT4 = 23;
    private static final int INT8 = 20;
    private static final int TEXT = 25;

    private PreparedStatements() {}

    static List<Sequence> sequences() {
        var all = new ArrayList<Sequence>();
        names(all);
        types(all);
        portals(all);
        copies(all);
        servers(all);
        departures(all);
        catalogue(all);
        return all;
    }

    private static void names(List<Sequence> all) {
        var names = new TreeMap<String, String>();
        names.put("63 bytes", "n".repeat(63));
        names.put("64 bytes", "n".repeat(64));
        names.put("100 bytes", "n".repeat(100));
        names.put("1000 bytes", "n".repeat(1000));
        names.put("two byte letters", "ж".repeat(40));
        names.put("quote", "a\"b");
        names.put("blank", " ");
        names.put("control characters", "\u0001\t\r\n\u007f");
        names.put("percent", "%s%n");
        names.put("ours", "DOORMAN_1");
        names.put("ours with an epoch", "DOORMAN_1_1");
        names.put("ours and more", "DOORMAN_");
        names.put("ours in small letters", "doorman_1");
        names.forEach((what, name) -> ofName(all, what, name));
        all.add(
                sequence(
                        "names that are alike in 63 bytes",
                        parse("n".repeat(64) + "a", "SELECT 'a'"),
                        sync(),
                        ready(),
                        parse("n".repeat(64) + "b", "SELECT 'b'"),
                        sync(),
                        ready(),
                        bind("", "n".repeat(63)),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "names that differ in the 63rd byte",
                        parse("n".repeat(62) + "a", "SELECT 'a'"),
                        parse("n".repeat(62) + "b", "SELECT 'b'"),
                        bind("", "n".repeat(62) + "a"),
                        execute(),
                        sync(),
                        ready()));
    }

    private static void ofName(List<Sequence> all, String what, String name) {
        String sql = "SELECT $1::int /* " + what + " */";
        all.add(
                sequence(
                        "name: " + what,
                        parse(name, sql),
                        sync(),
                        ready(),
                        describeStatement(name),
                        bind("", name, "1"),
                        execute(),
                        sync(),
                        ready(),
                        closeStatement(name),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "name, unknown: " + what,
                        bind("", name, "1"),
                        sync(),
                        ready(),
                        describeStatement(name),
                        sync(),
                        ready(),
                        closeStatement(name),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "name in errors: " + what,
                        parse(name, sql),
                        sync(),
                        ready(),
                        bind("", name, "1", "2"),
                        sync(),
                        ready(),
                        parse(name, sql),
                        sync(),
                        ready(),
                        bind("", name, "many"),
                        sync(),
                        ready()));
    }

    private static void types(List<Sequence> all) {
        Map<String, int[]> types = new TreeMap<>();
        types.put("none", new int[0]);
        types.put("unknown", new int[] {0});
        types.put("int4", new int[] {INT4});
        types.put("int8", new int[] {INT8});
        types.put("text", new int[] {TEXT});
        types.put("one too many", new int[] {INT4, INT4});
        types.put("no such type", new int[] {999_999});
        types.forEach(
                (what, oids) ->
                        all.add(
                                sequence(
                                        "parameter type: " + what,
                                        parse("s", "SELECT id, $1 FROM item WHERE id = $1", oids),
                                        sync(),
                                        ready(),
                                        describeStatement("s"),
                                        bind("", "s", "3"),
                                        describe(),
                                        execute(),
                                        sync(),
                                        ready())));
        all.add(
                sequence(
                        "one text with several types",
                        parse("a", "SELECT $1 AS b", INT4),
                        parse("b", "SELECT $1 AS b", TEXT),
                        parse("c", "SELECT $1 AS b"),
                        describeStatement("a"),
                        describeStatement("b"),
                        describeStatement("c"),
                        sync(),
                        ready(),
                        describeStatement("a"),
                        describeStatement("b"),
                        describeStatement("c"),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "types that do not fit",
                        parse("s", "SELECT $1::int + $2::text", INT4, TEXT),
                        sync(),
                        ready(),
                        parse("s", "SELECT $1 + $2", INT4, INT8),
                        describeStatement("s"),
                        sync(),
                        ready()));
    }

    private static void portals(List<Sequence> all) {
        String rows = "SELECT * FROM generate_series(1, 5)";
        all.add(
                sequence(
                        "rows in portions",
                        parse("s", rows),
                        sync(),
                        ready(),
                        bind("p", "s"),
                        execute("p", 2),
                        execute("p", 2),
                        execute("p", 2),
                        execute("p", 2),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "rows in portions over batches of a transaction",
                        parse("s", rows),
                        sync(),
                        ready(),
                        query("BEGIN"),
                        ready(),
                        bind("p", "s"),
                        execute("p", 2),
                        sync(),
                        ready(),
                        execute("p", 2),
                        sync(),
                        ready(),
                        query("COMMIT"),
                        ready(),
                        execute("p", 2),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "portal outlives its statement's name",
                        query("BEGIN"),
                        ready(),
                        parse("s", rows),
                        bind("p", "s"),
                        execute("p", 2),
                        closeStatement("s"),
                        parse("t", "SELECT 't'"),
                        parse("u", "SELECT 'u'"),
                        execute("p", 2),
                        closePortal("p"),
                        sync(),
                        ready(),
                        query("COMMIT"),
                        ready()));
        all.add(
                sequence(
                        "two portals of one statement",
                        parse("s", "SELECT generate_series(1, $1::int)"),
                        sync(),
                        ready(),
                        bind("p", "s", "3"),
                        bind("q", "s", "5"),
                        execute("p", 2),
                        execute("q", 2),
                        execute("p", 2),
                        execute("q", 0),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "portal name in use",
                        query("BEGIN"),
                        ready(),
                        parse("s", rows),
                        bind("p", "s"),
                        bind("p", "s"),
                        sync(),
                        ready(),
                        query("ROLLBACK"),
                        ready()));
        all.add(
                sequence(
                        "long portal name before a statement's name",
                        parse("s", "SELECT 1"),
                        bind("p".repeat(3000), "s"),
                        execute("p".repeat(3000), 0),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "values of a megabyte",
                        parse("s", "SELECT length($1::text)"),
                        sync(),
                        ready(),
                        bind("", "s", "v".repeat(1_000_000)),
                        execute(),
                        bind("", "s", "v"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "text of a hundred kilobytes",
                        parse("s", "SELECT length('" + "t".repeat(100_000) + "')"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "byte by byte",
                        connectedAs("a"),
                        pieces(1),
                        parse("s", "SELECT $1::int /* byte by byte */"),
                        sync(),
                        ready(),
                        parse("t", "SELECT $1::int /* byte by byte */"),
                        describeStatement("t"),
                        bind("", "t", "5"),
                        execute(),
                        closeStatement("t"),
                        sync(),
                        ready(),
                        bind("", "s", "6"),
                        execute(),
                        sync(),
                        ready()));
    }

    private static Step connectedAs(String client) {
        return as(client);
    }

    private static void copies(List<Sequence> all) {
        all.add(
                sequence(
                        "COPY from the client by a named statement",
                        parse("s", "COPY scratch FROM STDIN"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        flush(),
                        until('G'),
                        copyData("1\tone\n"),
                        copyDone(),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        flush(),
                        until('G'),
                        copyFail("enough"),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "COPY to the client by a named statement",
                        parse("s", "COPY (SELECT generate_series(1, 3)) TO STDOUT"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "statement behind a COPY at once",
                        parse("c", "COPY scratch FROM STDIN"),
                        parse("s", "SELECT count(*) FROM scratch"),
                        sync(),
                        ready(),
                        bind("", "c"),
                        execute(),
                        copyData("1\tone\n"),
                        copyDone(),
                        parse("t", "SELECT count(*) FROM scratch"),
                        bind("", "t"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "stray CopyDone before a known statement",
                        parse("s", "SELECT 'stray'"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        copyDone(),
                        parse("t", "SELECT 'stray'"),
                        bind("", "t"),
                        execute(),
                        sync(),
                        ready()));
    }

    private static void servers(List<Sequence> all) {
        all.add(
                sequence(
                                "prepared on one server, run on another",
                                parse("s", "SELECT $1::int"),
                                sync(),
                                ready(),
                                as("b"),
                                query("BEGIN"),
                                ready(),
                                as("a"),
                                bind("", "s", "1"),
                                execute(),
                                sync(),
                                ready(),
                                describeStatement("s"),
                                sync(),
                                ready(),
                                as("b"),
                                query("COMMIT"),
                                ready())
                        .onServers(2));
        all.add(
                sequence(
                                "unnamed on one server, run on another",
                                parse("SELECT $1::int /* elsewhere */"),
                                sync(),
                                ready(),
                                as("b"),
                                query("BEGIN"),
                                ready(),
                                as("a"),
                                bind("", "", "1"),
                                execute(),
                                sync(),
                                ready(),
                                describeStatement(""),
                                sync(),
                                ready(),
                                as("b"),
                                query("COMMIT"),
                                ready())
                        .onServers(2));
        all.add(
                sequence(
                        "unnamed statement of another client between",
                        parse("SELECT 'a'"),
                        sync(),
                        ready(),
                        as("b"),
                        parse("SELECT 'b'"),
                        sync(),
                        ready(),
                        as("a"),
                        bind(),
                        execute(),
                        sync(),
                        ready(),
                        as("b"),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "unnamed statement of another client is not there",
                        parse("SELECT 'mine'"),
                        sync(),
                        ready(),
                        as("b"),
                        bind(),
                        execute(),
                        sync(),
                        ready(),
                        describeStatement(""),
                        sync(),
                        ready(),
                        closeStatement(""),
                        sync(),
                        ready(),
                        as("a"),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "one name of three clients",
                        inTurn("abc", c -> all(parse("s", "SELECT '" + c + "'"), sync())),
                        inTurn("cab", _ -> all(bind("", "s"), execute(), sync())),
                        inTurn("bca", _ -> all(closeStatement("s"), sync())),
                        inTurn("abc", _ -> all(bind("", "s"), execute(), sync()))));
        all.add(
                sequence(
                        "one text of three clients",
                        inTurn("abc", c -> all(parse("s" + c, "SELECT 'shared'"), sync())),
                        inTurn("cab", c -> all(bind("", "s" + c), execute(), sync())),
                        inTurn("a", _ -> all(closeStatement("sa"), sync())),
                        inTurn("bc", c -> all(bind("", "s" + c), execute(), sync())),
                        inTurn("a", _ -> all(bind("", "sa"), execute(), sync()))));
        all.add(
                sequence(
                        "twenty statements of two clients in turn",
                        prepareMany("a"),
                        prepareMany("b"),
                        runMany("a"),
                        runMany("b")));
    }

    private static Step prepareMany(String client) {
        return together(
                as(client),
                all(
                        IntStream.range(0, 20)
                                .mapToObj(i -> all(parse("s" + i, "SELECT 'n" + i + "'"), sync()))
                                .toArray(Send[]::new)),
                ready(20));
    }

    private static Step runMany(String client) {
        return together(
                as(client),
                all(
                        IntStream.range(0, 20)
                                .mapToObj(i -> all(bind("", "s" + (19 - i)), execute(), sync()))
                                .toArray(Send[]::new)),
                ready(20));
    }

    private interface OfClient {
        Send send(char client);
    }

    private static Step inTurn(String clients, OfClient what) {
        return together(
                clients.chars()
                        .mapToObj(
                                c ->
                                        together(
                                                as(String.valueOf((char) c)),
                                                what.send((char) c),
                                                ready()))
                        .toArray(Step[]::new));
    }

    private static Step together(Step... steps) {
        return stage -> {
            for (Step step : steps) {
                step.play(stage);
            }
        };
    }

    /** Whatever a client leaves behind, the next one finds a server as new. */
    private static void departures(List<Sequence> all) {
        Map<String, Step> ends = new TreeMap<>();
        ends.put("Terminate", together(terminate(), end()));
        ends.put("a drop", drop());
        ends.put("a reset", reset());
        Map<String, Step> places = new TreeMap<>();
        Send parsed = parse("s", "SELECT pg_sleep(0), 'left'");
        places.put("Parse", parsed);
        places.put("an unnamed Parse", parse("SELECT 'left unnamed'"));
        places.put("Sync", together(all(parsed, sync()), ready()));
        places.put("an unread Sync", all(parsed, sync()));
        places.put("Bind", all(parsed, bind("", "s")));
        places.put("Describe", all(parsed, describeStatement("s"), flush()));
        places.put("Execute", all(parsed, bind("", "s"), execute()));
        places.put("Close", all(parsed, closeStatement("s")));
        places.put("a failed Parse", together(all(parse("s", "SELEC"), flush()), until('E')));
        places.put("a failed Bind", all(parsed, bind("", "s", "1"), flush()));
        places.put("half a Parse", bytes((byte) 'P', (byte) 0, (byte) 0, (byte) 0, (byte) 40));
        places.put("BEGIN", together(query("BEGIN"), ready(), all(parsed, sync()), ready()));
        ends.forEach(
                (end, leaves) ->
                        places.forEach(
                                (place, steps) -> {
                                    boolean cut = place.startsWith("half");
                                    boolean open =
                                            !place.endsWith("Sync") && !place.equals("BEGIN");
                                    if (!(end.equals("Terminate") && (cut || open))) {
                                        all.add(departure(place, end, steps, leaves));
                                    }
                                }));
    }

    private static Sequence departure(String place, String end, Step steps, Step leaves) {
        boolean recorded = end.equals("Terminate") && place.startsWith("an unread");
        return sequence(
                "left behind " + place + " by " + end,
                as("a"),
                steps,
                recorded ? ready() : together(),
                leaves,
                as("b"),
                bind("", "s"),
                sync(),
                ready(),
                bind(),
                sync(),
                ready(),
                parse("s", "SELECT pg_sleep(0), 'left'"),
                bind("", "s"),
                execute(),
                sync(),
                ready(),
                query("SELECT 'clean'"),
                ready());
    }

    private static void catalogue(List<Sequence> all) {
        all.add(
                sequence(
                        "statement whose table was dropped",
                        query("CREATE TABLE gone (a int)"),
                        ready(),
                        parse("s", "SELECT * FROM gone"),
                        sync(),
                        ready(),
                        query("DROP TABLE gone"),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(),
                        closeStatement("s"),
                        sync(),
                        ready()));
        all.add(
                sequence(
                                "statement whose table has more columns now",
                                query("CREATE TABLE grown (a int)"),
                                ready(),
                                parse("s", "SELECT * FROM grown"),
                                bind("", "s"),
                                execute(),
                                sync(),
                                ready(),
                                query("ALTER TABLE grown ADD b text"),
                                ready(),
                                bind("", "s"),
                                execute(),
                                sync(),
                                ready(),
                                closeStatement("s"),
                                parse("s", "SELECT * FROM grown"),
                                bind("", "s"),
                                describe(),
                                execute(),
                                sync(),
                                ready(),
                                query("DROP TABLE grown"),
                                ready())
                        .onOneServer());
        all.add(
                sequence(
                                "statement whose column has another type now",
                                query("CREATE TABLE turned (a int)"),
                                ready(),
                                parse("s", "SELECT a FROM turned"),
                                describeStatement("s"),
                                sync(),
                                ready(),
                                query("ALTER TABLE turned ALTER a TYPE text"),
                                ready(),
                                bind("", "s"),
                                execute(),
                                sync(),
                                ready(),
                                query("DROP TABLE turned"),
                                ready())
                        .onOneServer());
        all.add(
                sequence(
                        "statement that inserts into a table that has grown",
                        query("CREATE TABLE wide (a int)"),
                        ready(),
                        parse("s", "INSERT INTO wide VALUES ($1)"),
                        bind("", "s", "1"),
                        execute(),
                        sync(),
                        ready(),
                        query("ALTER TABLE wide ADD b text"),
                        ready(),
                        bind("", "s", "2"),
                        execute(),
                        sync(),
                        ready(),
                        query("DROP TABLE wide"),
                        ready()));
        all.add(
                sequence(
                        "unnamed statement whose table has more columns now",
                        query("CREATE TABLE more (a int)"),
                        ready(),
                        parse("SELECT * FROM more"),
                        bind(),
                        describe(),
                        execute(),
                        sync(),
                        ready(),
                        query("ALTER TABLE more ADD b int"),
                        ready(),
                        parse("SELECT * FROM more"),
                        bind(),
                        describe(),
                        execute(),
                        sync(),
                        ready(),
                        query("DROP TABLE more"),
                        ready()));
    }
}
