package io.pgdoorman.process.load;

import java.util.ArrayList;
import java.util.List;

/** COPY TO STDOUT, every line compared. */
final class CopyOut extends WireScenario {
    private static final int ROWS = 3_000;

    CopyOut(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        List<String> expected = new ArrayList<>();
        expected.add("H");
        for (long n = number; n < number + ROWS; n++) {
            expected.add("d %d\t%d\n".formatted(n, n * n));
        }
        expected.addAll(List.of("c", "C COPY " + ROWS, "Z I"));
        dialogue()
                .ask(
                        "COPY (SELECT n, n * n FROM generate_series(%d::bigint, %d) n) TO STDOUT"
                                .formatted(number, number + ROWS - 1),
                        expected);
        seat().pause(20, 200);
    }
}
