package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;

import java.time.Duration;

/**
 * Lets two ends within the process exchange records and go on elsewhere, so that the first
 * connections a successor takes find the ciphers loaded and compiled. Threads: its caller's.
 */
public final class RecordsWarmUp {
    /** The JDK's ciphers use the processor's instructions only when they are compiled. */
    private static final int CONTENT_BYTES = 300;

    private static final int RECORDS_BETWEEN_MOVES = 8;

    private RecordsWarmUp() {}

    /**
     * @param limit how long it may take
     */
    public static void run(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        TlsSuite[] suites = {
            TlsSuite.TLS_AES_256_GCM_SHA384,
            TlsSuite.TLS_AES_128_GCM_SHA256,
            TlsSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        };
        try {
            do {
                for (TlsSuite suite : suites) {
                    exchange(suite);
                }
            } while (System.nanoTime() - end < 0);
        } catch (TlsException e) {
            throw new IllegalStateException(e); // it reads what it has written itself
        }
    }

    private static void exchange(TlsSuite suite) throws TlsException {
        byte[] secret = new byte[suite.secretBytes()];
        var state = new FrozenTls(suite.id(), secret, 0, secret, 0, new byte[0], "", "");
        var records = new TlsRecords(state);
        EmbeddedChannel one = new EmbeddedChannel(records);
        EmbeddedChannel other = new EmbeddedChannel(new TlsRecords(state));
        for (int i = 0; i < RECORDS_BETWEEN_MOVES; i++) {
            one.writeOutbound(one.alloc().buffer(CONTENT_BYTES).writeZero(CONTENT_BYTES));
            ByteBuf record = one.readOutbound();
            other.writeInbound(record);
            ByteBuf content = other.readInbound();
            content.release();
        }
        records.freeze().destroy();
        one.finishAndReleaseAll();
        other.finishAndReleaseAll();
    }
}
