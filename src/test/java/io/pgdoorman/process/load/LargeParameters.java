package io.pgdoorman.process.load;

import static io.pgdoorman.testing.Frontend.bind;
import static io.pgdoorman.testing.Frontend.describePortal;
import static io.pgdoorman.testing.Frontend.execute;
import static io.pgdoorman.testing.Frontend.parse;
import static io.pgdoorman.testing.Frontend.query;
import static io.pgdoorman.testing.Frontend.sync;

import java.util.ArrayList;

/**
 * Values of 1 MB as parameters; every other one also comes back, and some are sent while the server
 * is busy with a query before them and takes nothing.
 */
final class LargeParameters extends WireScenario {
    private static final int BYTES = 1 << 20;

    LargeParameters(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        boolean back = number % 2 == 1;
        boolean busy = number % 3 == 1;
        String unit = number + Texts.random(seat().random(), 997);
        String value = unit.repeat(BYTES / unit.length() + 1);
        String echo = back ? value : "";
        if (busy) {
            dialogue().send(query("SELECT 'awake' AS state FROM pg_sleep(0.2)"));
        }
        dialogue()
                .send(
                        parse("", "SELECT md5($1::text) AS md5, $2::text AS echo"),
                        bind("", "", value, echo),
                        describePortal(""),
                        execute("", 0),
                        sync());
        seat().pause(0, 10);
        if (busy) {
            dialogue().expect("query before", Lines.row("state", "awake", "SELECT 1", 'I'));
        }
        var expected =
                new ArrayList<>(Lines.extendedRow("md5,echo", Texts.md5(value) + "|" + echo));
        expected.add("Z I");
        dialogue().expect("parameter of 1 MB", expected);
        seat().pause(50, 200);
    }
}
