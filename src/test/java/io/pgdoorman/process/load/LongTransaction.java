package io.pgdoorman.process.load;

/** One transaction from the first round to the last; committed at the end. */
final class LongTransaction extends WireScenario {
    private final String table;
    private String pid = "";
    private String transaction = "";
    private long rows;

    LongTransaction(Seat seat) {
        super(seat);
        table = "long_" + seat.number();
    }

    @Override
    public void open() {
        super.open();
        dialogue().command("CREATE TABLE " + table + " (n bigint)", "CREATE TABLE", 'I');
        dialogue().command("BEGIN", "BEGIN", 'T');
        pid = dialogue().backendPid('T');
        transaction = dialogue().value("SELECT pg_current_xact_id() AS xid", "xid", 'T');
    }

    @Override
    public void round(long number) {
        dialogue()
                .command("INSERT INTO %s VALUES (%d)".formatted(table, number), "INSERT 0 1", 'T');
        rows = number + 1;
        dialogue()
                .ask(
                        "SELECT pg_backend_pid() AS pid, pg_current_xact_id() AS xid, count(*),"
                                + " sum(n) FROM "
                                + table,
                        Lines.row(
                                "pid,xid,count,sum",
                                "%s|%s|%d|%d".formatted(pid, transaction, rows, sum()),
                                "SELECT 1",
                                'T'));
        seat().pause(5, 100);
    }

    @Override
    public void finish() {
        dialogue().command("COMMIT", "COMMIT", 'I');
        dialogue()
                .ask(
                        "SELECT count(*), sum(n) FROM " + table,
                        Lines.row("count,sum", rows + "|" + sum(), "SELECT 1", 'I'));
        super.finish();
    }

    private long sum() {
        return rows * (rows - 1) / 2;
    }
}
