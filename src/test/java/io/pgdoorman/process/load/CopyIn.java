package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** COPY FROM STDIN in pieces that end anywhere, with pauses; then the rows are counted and read. */
final class CopyIn extends WireScenario {
    private static final int ROWS = 1_000;
    private static final int MOST_PIECE_BYTES = 8_000;

    private final String table;

    CopyIn(Seat seat) {
        super(seat);
        table = "copied_" + seat.number();
    }

    @Override
    public void open() {
        super.open();
        dialogue()
                .command("CREATE TABLE " + table + " (n bigint, value text)", "CREATE TABLE", 'I');
    }

    @Override
    public void round(long number) {
        var text = new StringBuilder();
        var values = new StringBuilder();
        for (int row = 0; row < ROWS; row++) {
            String value = Texts.random(seat().random(), 60);
            text.append(number + row).append('\t').append(value).append('\n');
            values.append(value);
        }
        dialogue().send(Frontend.query("COPY " + table + " FROM STDIN"));
        Expect.message("COPY FROM", "G", dialogue().read());
        byte[] all = text.toString().getBytes(StandardCharsets.UTF_8);
        for (int from = 0; from < all.length; ) {
            int to = Math.min(all.length, from + seat().random().nextInt(1, MOST_PIECE_BYTES));
            dialogue().send(Frontend.copyData(Arrays.copyOfRange(all, from, to)));
            seat().pause(0, 10);
            from = to;
        }
        dialogue().send(Frontend.copyDone());
        dialogue().expect("COPY FROM", List.of("C COPY " + ROWS, "Z I"));
        dialogue()
                .ask(
                        "SELECT count(*), min(n), md5(string_agg(value, '' ORDER BY n)) FROM "
                                + table,
                        Lines.row(
                                "count,min,md5",
                                "%d|%d|%s".formatted(ROWS, number, Texts.md5(values.toString())),
                                "SELECT 1",
                                'I'));
        dialogue().command("TRUNCATE " + table, "TRUNCATE TABLE", 'I');
        seat().pause(0, 100);
    }
}
