package io.pgdoorman.process.load;

/** A scenario in one session from the first round to the last. */
abstract class WireScenario implements Scenario {
    private final Seat seat;
    private final Door door;
    private Dialogue dialogue;

    WireScenario(Seat seat, Door door) {
        this.seat = seat;
        this.door = door;
    }

    WireScenario(Seat seat) {
        this(seat, seat.tcp());
    }

    final Seat seat() {
        return seat;
    }

    final Door door() {
        return door;
    }

    final Dialogue dialogue() {
        return dialogue;
    }

    @Override
    public void open() {
        dialogue = enter();
    }

    Dialogue enter() {
        return door.enter();
    }

    @Override
    public void finish() {
        dialogue.leave();
    }

    @Override
    public final void close() {
        if (dialogue != null) {
            dialogue.close();
        }
    }
}
