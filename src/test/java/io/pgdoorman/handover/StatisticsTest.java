package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.stats.Bounds;
import io.pgdoorman.stats.Histogram;

import org.junit.jupiter.api.Test;

import java.util.HexFormat;

/** Counts that go on in the process that goes on. */
class StatisticsTest {
    private static final long MILLI = 1_000_000;

    private final StateHost predecessor = new StateHost(StateHost.SECRET);
    private final StateHost successor = new StateHost(StateHost.SECRET);

    private static Message end(byte[] body) {
        return new Message(MessageType.END, body, new int[0], false);
    }

    private static long count(Histogram pauses) {
        long count = 0;
        for (int i = 0; i < Bounds.count(); i++) {
            count += pauses.count(i);
        }
        return count;
    }

    @Test
    void pausesAndLostLinesAreAddedToThoseOfTheSuccessor() throws Exception {
        predecessor.clientPauses.record(3 * MILLI);
        predecessor.clientPauses.record(4 * MILLI);
        predecessor.clientPauses.record(3_600_000 * MILLI);
        predecessor.logLevels.inheritLostLines(5);
        successor.clientPauses.record(4 * MILLI);
        successor.logLevels.inheritLostLines(2);

        byte[] body = Statistics.write(predecessor, new FieldWriter()).toByteArray();
        Statistics.read(end(body), successor);

        assertThat(count(successor.clientPauses)).isEqualTo(4);
        assertThat(successor.clientPauses.count(5)).as("up to 5 ms").isEqualTo(3);
        assertThat(successor.clientPauses.count(Bounds.count() - 1)).isEqualTo(1);
        assertThat(successor.clientPauses.sumNanos()).isEqualTo(3_600_011 * MILLI);
        assertThat(successor.logLevels.lostLines()).isEqualTo(7);
    }

    @Test
    void whatLookUpsCameToIsAdded() throws Exception {
        LookupCounts before = predecessor.addLookup("shop", "q $1").counts();
        LookupCounts after = successor.addLookup("shop", "another $1").counts();
        before.hits.add(3);
        before.poolsRemoved.add(2);
        after.hits.add(4);

        byte[] body = Statistics.write(predecessor, new FieldWriter()).toByteArray();
        Statistics.read(end(body), successor);

        assertThat(after.hits.sum()).isEqualTo(7);
        assertThat(after.poolsRemoved.sum()).isEqualTo(2);
        assertThat(after.queries.sum()).isZero();
    }

    /** Buckets: number 5 with 2, number 99 with 7; the sum is 9 ns. */
    @Test
    void whatAVersionHasWrittenIsReadForEver() throws Exception {
        byte[] body = HexFormat.of().parseHex("420e" + "0a0408051002" + "0a0408631007" + "1009");

        Statistics.read(end(body), successor);

        assertThat(count(successor.clientPauses)).isEqualTo(2);
        assertThat(successor.clientPauses.count(5)).isEqualTo(2);
        assertThat(successor.clientPauses.sumNanos()).isEqualTo(9);
    }
}
