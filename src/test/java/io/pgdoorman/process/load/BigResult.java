package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.WireClient;

import java.util.List;

/** One big result after the other, each row compared; read fast, or in pieces with pauses. */
final class BigResult extends WireScenario {
    private static final int FILL_BYTES = 1_000;
    private static final int SLOW_PIECE_ROWS = 64;
    private static final int SLOW_RECEIVE_BYTES = 16 * 1024;

    private final int rows;
    private final boolean slow;

    private BigResult(Seat seat, int rows, boolean slow) {
        super(seat);
        this.rows = rows;
        this.slow = slow;
    }

    /** Results of 20 MB. */
    static BigResult readFast(Seat seat) {
        return new BigResult(seat, 20_000, false);
    }

    /** Results of 6 MB, more than lie in the buffers of the kernel. */
    static BigResult readSlowly(Seat seat) {
        return new BigResult(seat, 6_000, true);
    }

    @Override
    Dialogue enter() {
        return slow
                ? door().enter(
                                WireClient.connect(door().address(), SLOW_RECEIVE_BYTES)
                                        .limit(door().limit()))
                : super.enter();
    }

    @Override
    public void round(long number) {
        dialogue()
                .send(
                        Frontend.query(
                                ("SELECT n + %d || repeat(chr(97 + n %% 26), %d) AS line FROM"
                                                + " generate_series(0, %d) n")
                                        .formatted(number, FILL_BYTES, rows - 1)));
        Expect.message("result of %d rows".formatted(rows), "T line", dialogue().read());
        for (int row = 0; row < rows; row++) {
            if (slow && row % SLOW_PIECE_ROWS == 0) {
                seat().pause(1, 10);
            }
            Expect.message(
                    "row %d of %d".formatted(row, rows), line(number, row), dialogue().read());
        }
        dialogue().expect("end of the result", List.of("C SELECT " + rows, "Z I"));
        seat().pause(slow ? 0 : 200, slow ? 100 : 700);
    }

    private static String line(long number, int row) {
        return "D " + (row + number) + Character.toString('a' + row % 26).repeat(FILL_BYTES);
    }
}
