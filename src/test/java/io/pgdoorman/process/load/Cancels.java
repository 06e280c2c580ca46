package io.pgdoorman.process.load;

/** Statements that are cancelled, and the next one, which must not be. */
final class Cancels extends WireScenario {
    Cancels(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        Door door = seat().index() % 2 == 0 ? seat().tcp() : seat().unix();
        if (number % 2 == 0) {
            Cancellation.check(dialogue(), door);
        } else {
            Cancellation.checkInTransaction(dialogue(), door);
        }
        String who = seat().number() + "." + number;
        dialogue()
                .ask(
                        "SELECT '%s' AS who FROM pg_sleep(0.01)".formatted(who),
                        Lines.row("who", who, "SELECT 1", 'I'));
        seat().pause(20, 150);
    }
}
