package io.pgdoorman.process.load;

import static io.pgdoorman.testing.Frontend.bind;
import static io.pgdoorman.testing.Frontend.concat;
import static io.pgdoorman.testing.Frontend.describePortal;
import static io.pgdoorman.testing.Frontend.execute;
import static io.pgdoorman.testing.Frontend.flush;
import static io.pgdoorman.testing.Frontend.parse;
import static io.pgdoorman.testing.Frontend.sync;

import java.util.ArrayList;
import java.util.List;

/** The unnamed statement with parameters; and what to expect of one such batch. */
final class ExtendedQueries extends WireScenario {
    private static final String SQL = "SELECT $1::bigint * 2 AS twice, $2::text || '!' AS said";

    ExtendedQueries(Seat seat, Door door) {
        super(seat, door);
    }

    ExtendedQueries(Seat seat) {
        this(seat, seat.tcp());
    }

    @Override
    public void round(long number) {
        String text = Texts.random(seat().random(), seat().random().nextInt(300));
        if (number % 8 == 7) {
            lateSync(number, text);
        } else {
            dialogue().send(batch(number, text), sync());
            var expected = new ArrayList<>(answer(number, text));
            expected.add("Z I");
            dialogue().expect("batch of " + number, expected);
        }
        seat().rest(5, 50);
    }

    /** Flush brings the answer; the Sync comes after a pause. */
    private void lateSync(long number, String text) {
        dialogue().send(batch(number, text), flush());
        for (String expected : answer(number, text)) {
            Expect.message("batch with Flush of " + number, expected, dialogue().read());
        }
        seat().pause(0, 20);
        dialogue().send(sync());
        dialogue().expect("Sync after Flush", List.of("Z I"));
    }

    /** Parse, Bind, Describe, Execute. */
    static byte[] batch(long number, String text) {
        return concat(
                parse("", SQL),
                bind("", "", Long.toString(number), text),
                describePortal(""),
                execute("", 0));
    }

    static List<String> answer(long number, String text) {
        return Lines.extendedRow("twice,said", "%d|%s!".formatted(2 * number, text));
    }
}
