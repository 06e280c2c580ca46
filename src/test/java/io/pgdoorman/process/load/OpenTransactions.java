package io.pgdoorman.process.load;

/**
 * Transactions of several statements with pauses of the client between them: one server all the
 * time, each statement done once, and nothing left of those rolled back.
 */
final class OpenTransactions extends WireScenario {
    private final String table;

    OpenTransactions(Seat seat) {
        super(seat);
        table = "transaction_" + seat.number();
    }

    @Override
    public void open() {
        super.open();
        dialogue()
                .command("CREATE TABLE " + table + " (n bigint, value text)", "CREATE TABLE", 'I');
    }

    @Override
    public void round(long number) {
        Dialogue dialogue = dialogue();
        String value = Texts.random(seat().random(), 20);
        boolean commit = number % 3 != 2;
        dialogue.command("BEGIN", "BEGIN", 'T');
        String pid = dialogue.backendPid('T');
        dialogue.command(
                "INSERT INTO %s VALUES (%d, '%s')".formatted(table, number, value),
                "INSERT 0 1",
                'T');
        seat().pause(1, 40);
        dialogue.ask(
                "SELECT n, value FROM " + table,
                Lines.row("n,value", number + "|" + value, "SELECT 1", 'T'));
        dialogue.sameBackend(pid, 'T');
        seat().pause(1, 40);
        dialogue.command("UPDATE " + table + " SET n = n + 1", "UPDATE 1", 'T');
        dialogue.sameBackend(pid, 'T');
        dialogue.command(commit ? "COMMIT" : "ROLLBACK", commit ? "COMMIT" : "ROLLBACK", 'I');
        dialogue.command(
                "DELETE FROM %s WHERE n = %d".formatted(table, number + 1),
                commit ? "DELETE 1" : "DELETE 0",
                'I');
    }
}
