package io.pgdoorman.process.load;

import static io.pgdoorman.testing.Frontend.bind;
import static io.pgdoorman.testing.Frontend.execute;
import static io.pgdoorman.testing.Frontend.parse;
import static io.pgdoorman.testing.Frontend.sync;

import java.util.List;

/**
 * A session with everything a server can keep for its client: temporary table, parameters of both
 * kinds (reported and not), prepared statement, advisory lock. All of it is looked at in each
 * round.
 */
final class SessionKeeper extends WireScenario {
    private static final String ZONE = "Asia/Kathmandu";

    private final String statement;
    private final String memory;
    private String pid = "";

    SessionKeeper(Seat seat) {
        super(seat);
        statement = "kept_" + seat.number();
        memory = 1_000 + seat.number() + "kB";
    }

    @Override
    public void open() {
        super.open();
        Dialogue dialogue = dialogue();
        pid = dialogue.backendPid('I');
        dialogue.command("CREATE TEMP TABLE kept (n bigint)", "CREATE TABLE", 'I');
        dialogue.command("SET work_mem = '" + memory + "'", "SET", 'I');
        dialogue.ask("SET TimeZone = '" + ZONE + "'", "C SET", "S TimeZone=" + ZONE, "Z I");
        dialogue.send(parse(statement, "SELECT $1::bigint + sum(n) AS n FROM kept"), sync());
        dialogue.expect("Parse " + statement, List.of("1", "Z I"));
        dialogue.ask(
                "SELECT pg_advisory_lock(%d) AS lock".formatted(seat().number()),
                Lines.row("lock", "", "SELECT 1", 'I'));
    }

    @Override
    public void round(long number) {
        Dialogue dialogue = dialogue();
        dialogue.command("INSERT INTO kept VALUES (" + number + ")", "INSERT 0 1", 'I');
        long sum = number * (number + 1) / 2;
        dialogue.send(
                bind("", statement, Integer.toString(seat().number())), execute("", 0), sync());
        dialogue.expect(
                statement, List.of("2", "D " + (sum + seat().number()), "C SELECT 1", "Z I"));
        seat().pause(1, 40);
        dialogue.ask(
                "SELECT pg_backend_pid() AS pid, current_setting('work_mem') AS memory,"
                        + " current_setting('TimeZone') AS zone, count(*) AS locks FROM pg_locks"
                        + " WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
                        + " AND objid = "
                        + seat().number(),
                Lines.row(
                        "pid,memory,zone,locks",
                        "%s|%s|%s|1".formatted(pid, memory, ZONE),
                        "SELECT 1",
                        'I'));
        seat().pause(1, 40);
    }
}
