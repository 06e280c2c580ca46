package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.HexFormat;

class KeyScheduleTest {
    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    /** The server's application keys in the trace of RFC 8448, section 3. */
    @Test
    void derivesTheKeysOfTheRfc() {
        byte[] secret =
                hex(
                        "a1 1a f9 f0 55 31 f8 56 ad 47 11 6b 45 a9 50 32"
                                + " 82 04 b4 f4 4b fb 6b 3a 4b 4f 1f 3f cb 63 16 43");
        TlsSuite suite = TlsSuite.TLS_AES_128_GCM_SHA256;

        assertThat(KeySchedule.expandLabel(suite, secret, "key", 16))
                .isEqualTo(hex("9f 02 28 3b 6c 9c 07 ef c2 6b b9 f2 ac 92 e3 56"));
        assertThat(KeySchedule.expandLabel(suite, secret, "iv", 12))
                .isEqualTo(hex("cf 78 2b 88 dd 83 54 9a ad f1 e9 84"));
    }

    @Test
    void theKeyBlockIsAsLongAsAskedForAndDependsOnBothRandoms() {
        TlsSuite suite = TlsSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384;
        byte[] master = new byte[48];
        byte[] one = new byte[32];
        byte[] two = new byte[32];
        two[31] = 1;

        byte[] block = KeySchedule.keyBlock(suite, master, one, two, 72);

        assertThat(block).hasSize(72);
        assertThat(KeySchedule.keyBlock(suite, master, one, two, 100)).startsWith(block);
        assertThat(KeySchedule.keyBlock(suite, master, two, one, 72)).isNotEqualTo(block);
    }
}
