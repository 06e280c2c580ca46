package io.pgdoorman.process.load;

/**
 * More clients than servers, each of which holds its server for a while, so that most wait. That a
 * wait came to its limit would be an error in place of the answer.
 */
final class Waiting extends WireScenario {
    Waiting(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        String who = seat().number() + "." + number;
        dialogue()
                .ask(
                        "SELECT '%s' AS who FROM pg_sleep(0.02)".formatted(who),
                        Lines.row("who", who, "SELECT 1", 'I'));
        if (number % 4 == seat().index() % 4) {
            dialogue().command("BEGIN", "BEGIN", 'T');
            seat().pause(0, 20);
            dialogue()
                    .ask(
                            "SELECT '%s' AS who".formatted(who),
                            Lines.row("who", who, "SELECT 1", 'T'));
            dialogue().command("COMMIT", "COMMIT", 'I');
        }
    }
}
