package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;

import java.util.ArrayList;
import java.util.Arrays;

/** Messages byte by byte, or in pieces that end anywhere, with pauses in the middle of messages. */
final class Pieces extends WireScenario {
    private static final int MOST_PIECE_BYTES = 9;

    Pieces(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        boolean byteByByte = number % 2 == 0;
        String text = Texts.random(seat().random(), 12);
        sendInPieces(
                Frontend.concat(ExtendedQueries.batch(number, text), Frontend.sync()), byteByByte);
        var expected = new ArrayList<>(ExtendedQueries.answer(number, text));
        expected.add("Z I");
        dialogue().expect("batch in pieces", expected);

        String sql = "SELECT %d AS n, '%s' AS who".formatted(number, text);
        sendInPieces(Frontend.query(sql), byteByByte);
        dialogue().expect(sql, Lines.row("n,who", number + "|" + text, "SELECT 1", 'I'));
        seat().pause(0, 60);
    }

    private void sendInPieces(byte[] all, boolean byteByByte) {
        for (int from = 0; from < all.length; ) {
            int length = byteByByte ? 1 : seat().random().nextInt(1, MOST_PIECE_BYTES + 1);
            int to = Math.min(all.length, from + length);
            dialogue().send(Arrays.copyOfRange(all, from, to));
            if (seat().random().nextInt(byteByByte ? 10 : 3) == 0) {
                seat().pause(0, 15);
            }
            from = to;
        }
    }
}
