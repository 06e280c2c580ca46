package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.WireClient;

/**
 * New logins all the time: over TCP and over a Unix socket, and some whose startup packet comes
 * byte by byte and whose next message comes late. Some leave by Terminate, some just close.
 */
final class Churn implements Scenario {
    private final Seat seat;

    Churn(Seat seat) {
        this.seat = seat;
    }

    @Override
    public void open() {}

    @Override
    public void round(long number) {
        Door door = (number + seat.index()) % 2 == 0 ? seat.tcp() : seat.unix();
        try (WireClient client = door.connect()) {
            if (number % 4 == 3) {
                for (byte b : Frontend.startup(Frontend.PROTOCOL_3_0, door.startup())) {
                    client.send(new byte[] {b});
                    seat.pause(0, 2);
                }
                seat.pause(0, 30);
                Door.admitted(client.readLogin(door.user(), door.password()));
            } else {
                Door.admitted(client.tryLogin(door.user(), door.password(), door.database()));
            }
            var dialogue = new Dialogue(client);
            String who = seat.number() + "." + number;
            dialogue.ask(
                    "SELECT '%s' AS who".formatted(who), Lines.row("who", who, "SELECT 1", 'I'));
            if (number % 3 != 0) {
                dialogue.leave();
            }
        }
        seat.pause(5, 80);
    }

    @Override
    public void finish() {}

    @Override
    public void close() {}
}
