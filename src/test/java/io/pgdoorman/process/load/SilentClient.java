package io.pgdoorman.process.load;

/**
 * Connects and does nothing until the end. Then its session must still be its own: it answers, with
 * the name given at the login, and in some of them a query is cancelled by the key of the login.
 */
final class SilentClient extends WireScenario {
    private static final int CANCELLING = 3;

    SilentClient(Seat seat) {
        super(seat, seat.index() % 2 == 0 ? seat.tcp() : seat.unix());
    }

    @Override
    Dialogue enter() {
        return door().enter("application_name", name());
    }

    @Override
    public void round(long number) {
        seat().pace().untilStopped();
    }

    @Override
    public void finish() {
        dialogue().ask("SHOW application_name", Lines.row("application_name", name(), "SHOW", 'I'));
        if (seat().index() % CANCELLING == 0) {
            Cancellation.checkInTransaction(dialogue(), door());
            dialogue().ask("SELECT 7 AS n", Lines.row("n", "7", "SELECT 1", 'I'));
        }
        dialogue().leave();
    }

    private String name() {
        return "silent_" + seat().number();
    }
}
