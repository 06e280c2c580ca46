package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import io.pgdoorman.differential.Sequence.Send;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What PostgreSQL refuses, in its own words and under the client's names. */
final class FailingStatements {
    private FailingStatements() {}

    static List<Sequence> sequences() {
        var all = new ArrayList<Sequence>();
        texts(all);
        arguments(all);
        unknownNames(all);
        names(all);
        failedTransactions(all);
        malformed(all);
        return all;
    }

    /** Refused at Parse, by each client anew. */
    private static void texts(List<Sequence> all) {
        Map<String, String> texts = new TreeMap<>();
        texts.put("wrong syntax", "SELECT FROM WHERE");
        texts.put("unknown column", "SELECT nothing FROM item");
        texts.put("unknown function", "SELECT no_function($1)");
        texts.put("two commands", "SELECT 1; SELECT 2");
        texts.put("parameter without a type", "SELECT $1 + $2");
        texts.put("gap in the parameters", "SELECT $2::int");
        texts.put("unclosed quote", "SELECT 'open");
        texts.put("unclosed comment", "SELECT 1 /* open");
        texts.forEach(
                (what, sql) ->
                        all.add(
                                sequence(
                                        "refused again and again: " + what,
                                        parse("s", sql),
                                        describeStatement("s"),
                                        sync(),
                                        ready(),
                                        parse("s", sql),
                                        sync(),
                                        ready(),
                                        parse(sql),
                                        sync(),
                                        ready(),
                                        parse(sql),
                                        bind(),
                                        sync(),
                                        ready(),
                                        as("b"),
                                        parse("s", sql),
                                        sync(),
                                        ready(),
                                        bind("", "s"),
                                        sync(),
                                        ready())));
        texts.forEach(
                (what, sql) ->
                        all.add(
                                sequence(
                                        "refused in a row of batches: " + what,
                                        parse("s", sql),
                                        sync(),
                                        bind("", "s"),
                                        execute(),
                                        sync(),
                                        parse("s", "SELECT 'good'"),
                                        sync(),
                                        bind("", "s"),
                                        execute(),
                                        sync(),
                                        ready(4))));
    }

    /** Refused at Bind or Execute. */
    private static void arguments(List<Sequence> all) {
        Map<String, Send> sends = new TreeMap<>();
        sends.put("none", bind("", "s"));
        sends.put("too many", bind("", "s", "1", "2", "3"));
        sends.put("no number", bind("", "s", "one", "2"));
        sends.put("out of range", bind("", "s", "99999999999", "2"));
        sends.put("division by zero", all(bind("", "s", "1", "0"), execute()));
        sends.put("broken UTF-8", brokenText());
        sends.forEach(
                (what, send) ->
                        all.add(
                                sequence(
                                        "arguments: " + what,
                                        parse("s", "SELECT $1::int / $2::int, $2::text"),
                                        sync(),
                                        ready(),
                                        send,
                                        sync(),
                                        ready(),
                                        send,
                                        bind("", "s", "4", "2"),
                                        execute(),
                                        sync(),
                                        ready(),
                                        bind("", "s", "4", "2"),
                                        execute(),
                                        sync(),
                                        ready())));
        sends.forEach(
                (what, send) ->
                        all.add(
                                sequence(
                                        "arguments in a transaction: " + what,
                                        parse("s", "SELECT $1::int / $2::int, $2::text"),
                                        sync(),
                                        ready(),
                                        query("BEGIN"),
                                        send,
                                        sync(),
                                        bind("", "s", "4", "2"),
                                        sync(),
                                        query("ROLLBACK"),
                                        bind("", "s", "4", "2"),
                                        execute(),
                                        sync(),
                                        ready(5))));
        all.add(
                sequence(
                        "wrong number of arguments for one of two names",
                        parse("s", "SELECT $1::int /* two names */"),
                        parse("t", "SELECT $1::int /* two names */"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        sync(),
                        ready(),
                        bind("", "t"),
                        sync(),
                        ready(),
                        parse("t", "SELECT 1"),
                        sync(),
                        ready(),
                        parse("s", "SELECT 1"),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "wrong number of arguments for the unnamed of two",
                        parse("s", "SELECT $1::int /* named too */"),
                        parse("", "SELECT $1::int /* named too */"),
                        parse("", "SELECT $1::int /* named too */"),
                        sync(),
                        ready(),
                        bind(),
                        sync(),
                        ready(),
                        bind("", "s"),
                        sync(),
                        ready(),
                        bind(),
                        sync(),
                        ready()));
    }

    private static Send brokenText() {
        return message(
                'B',
                new byte[] {0, 's', 0, 0, 0, 0, 2, 0, 0, 0, 1, '1', 0, 0, 0, 1, (byte) 0xFF, 0, 0});
    }

    private static void unknownNames(List<Sequence> all) {
        for (String name : List.of("s", "")) {
            String what = name.isEmpty() ? "the unnamed statement" : "a name";
            all.add(sequence("unknown, Bind: " + what, bind("", name), execute(), sync(), ready()));
            all.add(
                    sequence(
                            "unknown, Describe: " + what,
                            describeStatement(name),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "unknown, each with a Flush: " + what,
                            bind("", name),
                            flush(),
                            until('E'),
                            describeStatement(name),
                            flush(),
                            parse(name, "SELECT 1"),
                            sync(),
                            ready(),
                            describeStatement(name),
                            flush(),
                            until('E'),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "unknown in a transaction: " + what,
                            query("BEGIN"),
                            bind("", name),
                            sync(),
                            describeStatement(name),
                            sync(),
                            closeStatement(name),
                            sync(),
                            query("ROLLBACK"),
                            ready(5)));
            all.add(
                    sequence(
                            "unknown behind a good statement: " + what,
                            parse("good", "SELECT 'good'"),
                            bind("", "good"),
                            execute(),
                            bind("", name.isEmpty() ? name : "bad"),
                            execute(),
                            sync(),
                            ready(),
                            bind("", "good"),
                            execute(),
                            sync(),
                            ready()));
        }
    }

    private static void names(List<Sequence> all) {
        all.add(
                sequence(
                        "name in use in another batch",
                        parse("s", "SELECT 'first'"),
                        sync(),
                        parse("s", "SELECT 'second'"),
                        sync(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(3)));
        all.add(
                sequence(
                        "name in use, wrong syntax",
                        parse("s", "SELECT 'first'"),
                        sync(),
                        ready(),
                        parse("s", "SELEC"),
                        sync(),
                        ready(),
                        parse("s", "SELECT nothing"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "name in use and described behind it",
                        parse("s", "SELECT 'first'"),
                        parse("s", "SELECT 'second', 2"),
                        describeStatement("s"),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(),
                        describeStatement("s"),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "name whose first Parse failed",
                        parse("s", "SELEC"),
                        sync(),
                        parse("s", "SELECT 'second'"),
                        sync(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(3)));
        all.add(
                sequence(
                        "name in use, text of another client's",
                        as("b"),
                        parse("t", "SELECT 'theirs'"),
                        sync(),
                        ready(),
                        as("a"),
                        parse("s", "SELECT 'ours'"),
                        sync(),
                        ready(),
                        parse("s", "SELECT 'theirs'"),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(),
                        as("b"),
                        bind("", "t"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "another unnamed text that is wrong",
                        parse("SELECT 'first'"),
                        sync(),
                        ready(),
                        parse("SELEC"),
                        sync(),
                        ready(),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "another unnamed text that is wrong, at once",
                        parse("SELECT 'first'"),
                        sync(),
                        parse("SELEC"),
                        sync(),
                        bind(),
                        execute(),
                        sync(),
                        ready(3)));
        all.add(
                sequence(
                        "another unnamed text behind an error",
                        parse("SELECT 'first'"),
                        sync(),
                        ready(),
                        parse("x", "SELEC"),
                        parse("SELECT 'second'"),
                        sync(),
                        ready(),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "simple query behind an error leaves the unnamed statement",
                        parse("SELECT 'kept'"),
                        sync(),
                        ready(),
                        parse("x", "SELEC"),
                        flush(),
                        until('E'),
                        query("SELECT 1"),
                        sync(),
                        ready(),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "wrong simple query drops the unnamed statement",
                        parse("SELECT 'dropped'"),
                        sync(),
                        ready(),
                        query("SELEC"),
                        ready(),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "empty simple query drops the unnamed statement",
                        parse("SELECT 'dropped too'"),
                        sync(),
                        ready(),
                        query(";"),
                        ready(),
                        bind(),
                        execute(),
                        sync(),
                        ready()));
    }

    private static void failedTransactions(List<Sequence> all) {
        for (String command : List.of("ROLLBACK", "COMMIT", "ROLLBACK TO p", "END", "ABORT")) {
            all.add(
                    sequence(
                            "failed transaction, parsed in it: " + command,
                            query("BEGIN; SAVEPOINT p; SELECT 1/0"),
                            ready(),
                            parse("s", command),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready(),
                            query("ROLLBACK"),
                            ready()));
            all.add(
                    sequence(
                            "failed transaction, parsed before: " + command,
                            parse("s", command),
                            sync(),
                            ready(),
                            query("BEGIN; SAVEPOINT p; SELECT 1/0"),
                            ready(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready(),
                            query("ROLLBACK"),
                            ready()));
        }
        all.add(
                sequence(
                        "failed transaction, every message",
                        parse("s", "SELECT 'every message'"),
                        sync(),
                        ready(),
                        query("BEGIN; SELECT 1/0"),
                        ready(),
                        bind("", "s"),
                        sync(),
                        describeStatement("s"),
                        sync(),
                        parse("t", "SELECT 'every message'"),
                        sync(),
                        parse("", "SELECT 'every message'"),
                        sync(),
                        closeStatement("s"),
                        sync(),
                        closeStatement("t"),
                        sync(),
                        ready(6),
                        query("ROLLBACK"),
                        ready(),
                        bind("", "s"),
                        sync(),
                        bind("", "t"),
                        sync(),
                        ready(2)));
        all.add(
                sequence(
                        "failed transaction, statement without rows described",
                        parse("s", "INSERT INTO scratch VALUES ($1)"),
                        sync(),
                        ready(),
                        query("BEGIN; SELECT 1/0"),
                        parse("t", "INSERT INTO scratch VALUES ($1)"),
                        describeStatement("t"),
                        sync(),
                        query("ROLLBACK"),
                        ready(3)));
        all.add(
                sequence(
                        "failed transaction, parsed with a Flush",
                        parse("s", "SELECT 'with a Flush'"),
                        sync(),
                        ready(),
                        query("BEGIN; SELECT 1/0"),
                        parse("t", "SELECT 'with a Flush'"),
                        flush(),
                        ready(),
                        until('E'),
                        sync(),
                        query("ROLLBACK"),
                        ready(2)));
        all.add(
                sequence(
                        "failed transaction, parsed and closed",
                        parse("s", "SELECT 'and closed'"),
                        sync(),
                        ready(),
                        query("BEGIN; SELECT 1/0"),
                        parse("t", "SELECT 'and closed'"),
                        closeStatement("t"),
                        sync(),
                        query("ROLLBACK"),
                        ready(3)));
        all.add(
                sequence(
                        "savepoint brings statements back to life",
                        query("BEGIN"),
                        ready(),
                        parse("s", "SELECT 'before'"),
                        sync(),
                        ready(),
                        query("SAVEPOINT p"),
                        ready(),
                        parse("t", "SELECT 'behind'"),
                        sync(),
                        ready(),
                        query("SELECT 1/0"),
                        ready(),
                        query("ROLLBACK TO p"),
                        ready(),
                        bind("", "s"),
                        execute(),
                        bind("", "t"),
                        execute(),
                        sync(),
                        ready(),
                        query("COMMIT"),
                        ready()));
    }

    private static void malformed(List<Sequence> all) {
        Map<String, Send> sends = new TreeMap<>();
        sends.put("Describe of nothing", message('D'));
        sends.put("Describe of an X", message('D', (byte) 'X', (byte) 's', (byte) 0));
        sends.put("Describe without end", message('D', (byte) 'S', (byte) 's'));
        sends.put("Close of nothing", message('C'));
        sends.put("Close of an X", message('C', (byte) 'X', (byte) 's', (byte) 0));
        sends.put(
                "Close with more behind it",
                message('C', (byte) 'S', (byte) 's', (byte) 0, (byte) 0));
        sends.put("Parse of nothing", message('P'));
        sends.put("Parse without text", message('P', (byte) 's', (byte) 0));
        sends.put("Parse without types", message('P', (byte) 't', (byte) 0, (byte) ' ', (byte) 0));
        sends.put("Bind of nothing", message('B'));
        sends.put("Bind without values", message('B', (byte) 0, (byte) 's', (byte) 0));
        sends.forEach(
                (what, send) ->
                        all.add(
                                sequence(
                                        "malformed: " + what,
                                        parse("s", "SELECT 'whole'"),
                                        sync(),
                                        ready(),
                                        send,
                                        flush(),
                                        until('E'))));
    }
}
