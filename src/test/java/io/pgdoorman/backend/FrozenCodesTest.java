package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.pgdoorman.wire.TransactionStatus;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;

/**
 * Numbers that a frozen server or session carries from one version of the program to another: none
 * of them may change its meaning. A new one is of use to this version only; another that does not
 * know it must still do no harm, so a new trace goes together with {@link SessionTraces#ALL}.
 */
class FrozenCodesTest {
    @Test
    void entriesOfTheReplyQueueKeepTheirCodes() {
        byte[] codes = {
            ReplyQueue.PARSE,
            ReplyQueue.BIND,
            ReplyQueue.DESCRIBE,
            ReplyQueue.EXECUTE,
            ReplyQueue.CLOSE,
            ReplyQueue.SYNC,
            ReplyQueue.QUERY,
            ReplyQueue.FUNCTION_CALL,
            ReplyQueue.QUERY_IN_BATCH,
            ReplyQueue.FUNCTION_CALL_IN_BATCH,
            ReplyQueue.COPY_END,
            ReplyQueue.OWN
        };

        assertThat(new String(codes, StandardCharsets.US_ASCII)).isEqualTo("PBDECSQFqfco");
    }

    @Test
    void tracesKeepTheirBits() {
        assertThat(SessionTraces.SETTINGS).isEqualTo(1);
        assertThat(SessionTraces.LISTEN).isEqualTo(2);
        assertThat(SessionTraces.PREPARED).isEqualTo(4);
        assertThat(SessionTraces.CURSORS).isEqualTo(8);
        assertThat(SessionTraces.ADVISORY_LOCKS).isEqualTo(16);
        assertThat(SessionTraces.TEMPORARY).isEqualTo(32);
        assertThat(SessionTraces.ALL).isEqualTo(64);
        assertThat(SessionTraces.HOLD_WORD).isEqualTo(128);
    }

    @Test
    void statesOfATransactionKeepTheirCodes() {
        assertThat(TransactionStatus.IDLE.code()).isEqualTo((byte) 'I');
        assertThat(TransactionStatus.IN_TRANSACTION.code()).isEqualTo((byte) 'T');
        assertThat(TransactionStatus.FAILED.code()).isEqualTo((byte) 'E');
    }

    /** A word more comes behind the others, or their bits move. */
    @ParameterizedTest
    @CsvSource({
        "'', 20000820000000",
        "SELECT set_conf, 80",
        "select pg_settings, 100001",
        "x advisor, 8000000",
        "CREATE TEMP, 408200000400",
        "'CREATE TEMP ', 20000c20000000",
        "create temporar, 80000000000",
        "drop pg_tem, 8000000000000",
        "cursor with hold, 200000000000000"
    })
    void theStateWithinAStatementKeepsItsBits(String text, String state) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);

        long scanned =
                StatementScanner.scan(
                        StatementScanner.START,
                        Unpooled.wrappedBuffer(bytes),
                        0,
                        bytes.length,
                        new StatementScanner.Hits());

        assertThat(Long.toHexString(scanned)).isEqualTo(state);
    }
}
