package io.pgdoorman.statement;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.function.UnaryOperator;

/** How much one server keeps. */
class ServerStatementsTest {
    private static final int LENGTH = 64_000;
    private static final int MOST = 8_192;

    @Test
    void longTextsAreBoundedByTheirBytes() {
        var list = new ServerStatements();
        int closed = 0;
        for (int i = 1; i <= 1_000; i++) {
            while (list.toClose(MOST) != null) {
                closed++;
                list.confirmed();
            }
            list.prepare(new Statement(new byte[LENGTH], "", i, 0, true));
            list.confirmed();
            ServerStatements.Frozen frozen = list.freeze();
            list.release();
            list = ServerStatements.thaw(frozen, UnaryOperator.identity());
        }

        assertThat(list.size() + closed).isEqualTo(1_000);
        assertThat((long) list.size() * LENGTH).isBetween(7L << 20, 9L << 20);
        list.release();
    }

    @Test
    void whatAllServersKeepIsBoundedByTheHeap() {
        long before = StatementMemory.kept();
        long much = Runtime.getRuntime().maxMemory();
        var list = new ServerStatements();
        for (int i = 1; i <= 3; i++) {
            list.prepare(new Statement(new byte[100], "", i, 0, true));
            list.confirmed();
        }
        boolean early = list.toCloseForMemory() != null;
        StatementMemory.keep(0, much);
        int closed = 0;
        while (list.toCloseForMemory() != null) {
            closed++;
        }
        StatementMemory.keep(0, -much);
        list.release();

        assertThat(early).isFalse();
        assertThat(closed).as("one stays, for it is needed now").isEqualTo(2);
        assertThat(StatementMemory.kept()).as("all is given back").isEqualTo(before);
    }
}
