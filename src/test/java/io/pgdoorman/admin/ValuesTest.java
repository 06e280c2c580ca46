package io.pgdoorman.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgdoorman.wire.FormatCode;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;

class ValuesTest {
    private static String encoded(String value, Column.Type type, FormatCode format) {
        var out = Unpooled.buffer();
        Values.write(out, value, type, format);
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

    @ParameterizedTest
    @ValueSource(longs = {0, 9, 10, 1_000_000, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void writesNumbersAsText(long value) {
        ByteBuf out = Unpooled.buffer();

        Values.write(out, value, Column.Type.NUMERIC, FormatCode.TEXT);

        assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo(Long.toString(value));
    }
}
