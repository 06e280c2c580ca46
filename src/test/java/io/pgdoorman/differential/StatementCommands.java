package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.ArrayList;
import java.util.List;

/** DEALLOCATE, DISCARD ALL, PREPARE and EXECUTE, and how they meet statements of the protocol. */
final class StatementCommands {
    private StatementCommands() {}

    /** That take away the statement with the name s. */
    private static final List<String> DEALLOCATE =
            List.of(
                    "DEALLOCATE s",
                    "deallocate s",
                    "DeAllocate S",
                    "DEALLOCATE PREPARE s",
                    "deallocate prepare S;",
                    "  DEALLOCATE\t\n s  ;  ",
                    "DEALLOCATE \"s\"",
                    "DEALLOCATE\"s\"",
                    "/* a */ DEALLOCATE /* b /* c */ */ s -- d",
                    "-- a\nDEALLOCATE s;;",
                    "/**/DEALLOCATE/**/PREPARE/**/s/**/",
                    ";DEALLOCATE s",
                    "DEALLOCATE ALL",
                    "deallocate all ;",
                    "DEALLOCATE PREPARE ALL",
                    "DISCARD ALL",
                    "discard all;",
                    "/* a */ DISCARD -- b\n ALL");

    /** That do not. */
    private static final List<String> NOT =
            List.of(
                    "DEALLOCATE \"S\"",
                    "DEALLOCATE t",
                    "DEALLOCATE",
                    "DEALLOCATE s t",
                    "DEALLOCATE 's'",
                    "DEALLOCATE \"s",
                    "DEALLOCATE \"\"",
                    "DEALLOCATE s.t",
                    "DEALLOCATE \"ALL\"",
                    "DEALLOCATE prepare",
                    "DEALLOCATES s",
                    "DEALLOCATE /* s",
                    "DEALLOCATE $1",
                    "DEALLOCATE DOORMAN_1",
                    "DEALLOCATE \"DOORMAN_1\"",
                    "DISCARD PLANS",
                    "DISCARD",
                    "DISCARD s");

    static List<Sequence> sequences() {
        var all = new ArrayList<Sequence>();
        DEALLOCATE.forEach(command -> spelling(all, command));
        NOT.forEach(command -> spelling(all, command));
        commands(all);
        transactions(all);
        discards(all);
        sqlStatements(all);
        return all;
    }

    private static void spelling(List<Sequence> all, String command) {
        all.add(
                sequence(
                        "simple: " + command,
                        parse("s", "SELECT 's'"),
                        sync(),
                        ready(),
                        query(command),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "extended: " + command,
                        parse("s", "SELECT 's'"),
                        sync(),
                        ready(),
                        run(command),
                        sync(),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "in a transaction: " + command,
                        query("BEGIN"),
                        ready(),
                        parse("s", "SELECT 's'"),
                        sync(),
                        ready(),
                        query(command),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(),
                        query("ROLLBACK"),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
    }

    private static void commands(List<Sequence> all) {
        for (String command : List.of("DEALLOCATE s", "DEALLOCATE ALL", "DISCARD ALL")) {
            all.add(
                    sequence(
                            "twice: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            query(command),
                            ready(),
                            query(command),
                            ready(),
                            parse("s", "SELECT 'another'"),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "nothing prepared: " + command,
                            query(command),
                            ready(),
                            query(command),
                            ready()));
            all.add(
                    sequence(
                            "in a pipeline: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            query(command),
                            parse("s", "SELECT 'new'"),
                            sync(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready(4),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "behind a simple query in a pipeline: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            query("SELECT 1"),
                            query(command),
                            parse("s", "SELECT 'new'"),
                            sync(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready(4),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "extended, in a pipeline: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            run(command),
                            sync(),
                            parse("s", "SELECT 'new'"),
                            sync(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready(3),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "extended, prepared and run twice: " + command,
                            parse("c", command),
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            bind("", "c"),
                            execute(),
                            sync(),
                            ready(),
                            bind("", "s"),
                            sync(),
                            ready(),
                            bind("", "c"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "another client's stay: " + command,
                            parse("s", "SELECT 'stays'"),
                            sync(),
                            ready(),
                            as("b"),
                            parse("s", "SELECT 'stays'"),
                            sync(),
                            ready(),
                            query(command),
                            ready(),
                            as("a"),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready(),
                            as("b"),
                            bind("", "s"),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "unnamed statement: " + command,
                            parse("SELECT 'unnamed'"),
                            sync(),
                            ready(),
                            query(command),
                            ready(),
                            bind(),
                            sync(),
                            ready()));
        }
        all.add(
                sequence(
                                "DEALLOCATE with another command",
                                parse("s", "SELECT 's'"),
                                sync(),
                                ready(),
                                query("SELECT 1; DEALLOCATE s; SELECT 2"),
                                ready())
                        .inSession());
        for (String command : List.of("DEALLOCATE ALL", "DISCARD ALL")) {
            all.add(
                    sequence(
                            "with another command: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            query("SELECT 1; " + command + "; SELECT 2"),
                            ready()));
        }
    }

    private static void transactions(List<Sequence> all) {
        for (String command : List.of("DEALLOCATE s", "DEALLOCATE ALL", "DISCARD ALL")) {
            all.add(
                    sequence(
                            "in a failed transaction: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            query("BEGIN; SELECT 1/0"),
                            ready(),
                            query(command),
                            ready(),
                            query("ROLLBACK"),
                            ready(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                                    "in a transaction that fails at the same time: " + command,
                                    parse("s", "SELECT 's'"),
                                    sync(),
                                    ready(),
                                    query("BEGIN; SELECT 1/0"),
                                    query(command),
                                    query("ROLLBACK"),
                                    ready(3),
                                    bind("", "s"),
                                    execute(),
                                    sync(),
                                    ready())
                            .answeredByThePooler());
            all.add(
                    sequence(
                            "in a failed transaction, extended: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            query("BEGIN; SELECT 1/0"),
                            ready(),
                            run(command),
                            sync(),
                            ready(),
                            query("ROLLBACK"),
                            ready(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "behind an error: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            parse("x", "SELEC"),
                            flush(),
                            until('E'),
                            query(command),
                            sync(),
                            ready(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
            all.add(
                    sequence(
                            "behind an error, extended: " + command,
                            parse("s", "SELECT 's'"),
                            sync(),
                            ready(),
                            parse("x", "SELEC"),
                            run(command),
                            sync(),
                            ready(),
                            bind("", "s"),
                            execute(),
                            sync(),
                            ready()));
        }
    }

    private static void discards(List<Sequence> all) {
        all.add(
                sequence(
                        "DISCARD ALL in a transaction",
                        parse("s", "SELECT 's'"),
                        sync(),
                        ready(),
                        query("BEGIN"),
                        query("DISCARD ALL"),
                        query("ROLLBACK"),
                        ready(3),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "DISCARD ALL and others share the server",
                        parse("s", "SELECT 'kept'"),
                        sync(),
                        ready(),
                        as("b"),
                        parse("s", "SELECT 'kept'"),
                        sync(),
                        ready(),
                        query("DISCARD ALL"),
                        parse("s", "SELECT 'kept'"),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(2),
                        as("a"),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(),
                        as("b"),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
    }

    private static void sqlStatements(List<Sequence> all) {
        all.add(
                sequence(
                        "PREPARE and a statement of the protocol in one transaction",
                        query("BEGIN; PREPARE p AS SELECT 'sql'"),
                        ready(),
                        parse("s", "SELECT 'protocol'"),
                        bind("", "s"),
                        execute(),
                        bind("", "p"),
                        execute(),
                        sync(),
                        ready(),
                        query("EXECUTE p"),
                        ready(),
                        describeStatement("p"),
                        closeStatement("p"),
                        sync(),
                        ready(),
                        bind("", "p"),
                        sync(),
                        ready(),
                        query("ROLLBACK"),
                        ready(),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready()));
        all.add(
                sequence(
                        "PREPARE by the extended protocol",
                        query("BEGIN"),
                        ready(),
                        run("PREPARE p (int) AS SELECT $1"),
                        run("EXECUTE p (1)"),
                        run("DEALLOCATE p"),
                        sync(),
                        ready(),
                        query("COMMIT"),
                        ready()));
        all.add(
                sequence(
                        "EXECUTE as a statement of the protocol",
                        query("BEGIN; PREPARE p (int) AS SELECT $1"),
                        ready(),
                        parse("s", "EXECUTE p (7)"),
                        describeStatement("s"),
                        bind("", "s"),
                        execute(),
                        sync(),
                        ready(),
                        query("DEALLOCATE p; COMMIT"),
                        ready()));
        all.add(
                sequence(
                        "PREPARE, DEALLOCATE ALL and EXECUTE at once",
                        query("BEGIN; PREPARE p AS SELECT 1"),
                        query("DEALLOCATE ALL"),
                        query("EXECUTE p"),
                        query("ROLLBACK"),
                        ready(4)));
        all.add(
                sequence(
                        "PREPARE and DEALLOCATE ALL in one transaction",
                        parse("s", "SELECT 's'"),
                        sync(),
                        ready(),
                        query("BEGIN; PREPARE p AS SELECT 1"),
                        ready(),
                        query("DEALLOCATE ALL"),
                        ready(),
                        query("EXECUTE p"),
                        ready(),
                        query("ROLLBACK"),
                        ready(),
                        bind("", "s"),
                        sync(),
                        ready()));
        all.add(
                sequence(
                                "PREPARE of a name the protocol has",
                                query("BEGIN"),
                                ready(),
                                parse("s", "SELECT 'protocol'"),
                                sync(),
                                ready(),
                                query("PREPARE s AS SELECT 'sql'"),
                                ready(),
                                query("ROLLBACK"),
                                ready())
                        .inSession());
        all.add(
                sequence(
                                "PREPARE, then Parse of its name",
                                query("BEGIN; PREPARE s AS SELECT 'sql'"),
                                ready(),
                                parse("s", "SELECT 'protocol'"),
                                sync(),
                                ready(),
                                query("ROLLBACK; DEALLOCATE s"),
                                ready())
                        .inSession());
    }
}
