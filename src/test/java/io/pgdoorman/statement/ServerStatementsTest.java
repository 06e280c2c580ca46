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
            list = ServerStatements.thaw(list.freeze(), UnaryOperator.identity());
        }

        assertThat(list.size() + closed).isEqualTo(1_000);
        assertThat((long) list.size() * LENGTH).isBetween(7L << 20, 9L << 20);
    }
}
