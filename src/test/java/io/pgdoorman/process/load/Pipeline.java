package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;

import java.util.ArrayList;
import java.util.List;

/**
 * Many extended batches sent before any answer is read: with a Sync each, then with one for all.
 */
final class Pipeline extends WireScenario {
    private static final int BATCHES = 20;

    Pipeline(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        boolean syncEach = number % 2 == 0;
        List<byte[]> sent = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            long value = number * BATCHES + i;
            String text = Texts.random(seat().random(), 10 + i);
            sent.add(ExtendedQueries.batch(value, text));
            expected.addAll(ExtendedQueries.answer(value, text));
            if (syncEach || i == BATCHES - 1) {
                sent.add(Frontend.sync());
                expected.add("Z I");
            }
        }
        dialogue().send(Frontend.concat(sent));
        seat().pause(0, 10);
        int syncs = syncEach ? BATCHES : 1;
        int perSync = expected.size() / syncs;
        for (int i = 0; i < syncs; i++) {
            dialogue()
                    .expect(
                            "batch %d of a pipeline".formatted(i),
                            expected.subList(i * perSync, (i + 1) * perSync));
        }
        seat().rest(20, 150);
    }
}
