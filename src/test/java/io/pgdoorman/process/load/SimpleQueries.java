package io.pgdoorman.process.load;

import java.util.List;

/** Simple queries, some of two statements, some empty. */
final class SimpleQueries extends WireScenario {
    SimpleQueries(Seat seat, Door door) {
        super(seat, door);
    }

    SimpleQueries(Seat seat) {
        this(seat, seat.tcp());
    }

    @Override
    public void round(long number) {
        String who = "client " + seat().number();
        dialogue()
                .ask(
                        "SELECT %d AS n, '%s' AS who".formatted(number, who),
                        Lines.row("n,who", number + "|" + who, "SELECT 1", 'I'));
        int length = seat().random().nextInt(2000);
        dialogue()
                .ask(
                        "SELECT %d AS a; SELECT repeat('xyz', %d) AS b".formatted(number, length),
                        List.of(
                                "T a",
                                "D " + number,
                                "C SELECT 1",
                                "T b",
                                "D " + "xyz".repeat(length),
                                "C SELECT 1",
                                "Z I"));
        dialogue().ask("", "I", "Z I");
        seat().rest(20, 120);
    }
}
