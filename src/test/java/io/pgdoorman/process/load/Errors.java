package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;

import java.util.List;

/** Errors of PostgreSQL, outside and inside of transactions and in pipelines, and going on. */
final class Errors extends WireScenario {
    private static final String IN_FAILED_TRANSACTION =
            "E 25P02 current transaction is aborted, commands ignored until end of transaction"
                    + " block";

    Errors(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        Dialogue dialogue = dialogue();
        dialogue.ask(
                "SELEC" + number,
                "E 42601 syntax error at or near \"SELEC%d\"".formatted(number),
                "Z I");
        works(number, 'I');

        dialogue.command("BEGIN", "BEGIN", 'T');
        works(number, 'T');
        dialogue.ask(
                "SELECT 6 / n AS q FROM generate_series(-1, 0) n",
                "T q",
                "D -6",
                "E 22012 division by zero",
                "Z E");
        seat().pause(0, 20);
        dialogue.ask("SELECT " + number, IN_FAILED_TRANSACTION, "Z E");
        dialogue.command("ROLLBACK", "ROLLBACK", 'I');

        dialogue.send(
                Frontend.parse("", "SELECT nothing"), ExtendedQueries.batch(number, "skipped"));
        seat().pause(0, 10);
        dialogue.send(Frontend.sync());
        dialogue.expect(
                "batch that fails at once",
                List.of("E 42703 column \"nothing\" does not exist", "Z I"));
        works(number, 'I');
        seat().pause(5, 80);
    }

    private void works(long number, char status) {
        dialogue()
                .ask(
                        "SELECT %d AS n".formatted(number),
                        Lines.row("n", Long.toString(number), "SELECT 1", status));
    }
}
