package io.pgdoorman.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgdoorman.wire.FormatCode;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValuesTest {
    private static String encoded(String value, Column.Type type, FormatCode format) {
        var out = Unpooled.buffer();
        Values.encode(value, type, format).encode(out);
        return ByteBufUtil.hexDump(out);
    }

    /** As PostgreSQL's numeric_send gives them. */
    @ParameterizedTest
    @CsvSource({
        "0, 0000000000000000",
        "1, 00010000000000000001",
        "-7, 00010000400000000007",
        "10000, 00010001000000000001",
        "123456789, 0003000200000000000109291a85",
        "0.5, 0001ffff000000011388",
        "1.25, 0002000000000002000109c4",
        "0.0, 0000000000000001",
    })
    void writesNumericInBinary(String value, String bytes) {
        assertThat(encoded(value, Column.Type.NUMERIC, FormatCode.BINARY)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "12, INT4, BINARY, 0000000c",
        "12, INT4, TEXT, 3132",
        "12, NUMERIC, TEXT, 3132",
        "12, TEXT, BINARY, 3132",
    })
    void writesOtherTypes(String value, Column.Type type, FormatCode format, String bytes) {
        assertThat(encoded(value, type, format)).isEqualTo(bytes);
    }
}
