package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of RFC 4013 section 3 and the edges of the tables. */
class SaslPrepTest {
    @ParameterizedTest
    @CsvSource({
        "I\u00ADX, IX",
        "user, user",
        "USER, USER",
        "\u00AA, a",
        "\u2168, IX",
        "a\u00A0b, a b",
        "a\u3000b, a b",
        "\u0627\u0628, \u0627\u0628",
        "\uD835\uDC00, A", // a character beyond the first plane
    })
    void preparesText(String text, String prepared) {
        assertThat(SaslPrep.prepare(text)).isEqualTo(prepared);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0007", // control
                "\u06271", // begins right to left, does not end so
                "\u0627a\u0627", // both directions
                "\u00AD", // nothing is left
                "\u0221", // unassigned in Unicode 3.2
                "\uE000", // private use
                "\uFFFE", // not a character
                "\uDBFF\uDFFF", // the last code point
            })
    void refusesText(String text) {
        assertThat(SaslPrep.prepare(text)).isNull();
    }

    @Test
    void leavesAsciiAloneEvenControlCharacters() {
        Bytes password = Bytes.ofText("a\u0007b");

        assertThat(SaslPrep.normalize(password)).isSameAs(password);
    }

    @Test
    void leavesBytesAloneThatAreNotUtf8() {
        Bytes password = Bytes.copyOf(new byte[] {'a', (byte) 0xff, (byte) 0xc3});

        assertThat(SaslPrep.normalize(password)).isSameAs(password);
    }

    @Test
    void tablesHoldTheirEdges() {
        assertThat(SaslPrepTable.UNASSIGNED.contains(0)).isFalse();
        assertThat(SaslPrepTable.UNASSIGNED.contains(0x220)).isFalse();
        assertThat(SaslPrepTable.UNASSIGNED.contains(0x221)).isTrue();
        assertThat(SaslPrepTable.UNASSIGNED.contains(0x222)).isFalse();
        assertThat(SaslPrepTable.UNASSIGNED.contains(0x234)).isTrue();
        assertThat(SaslPrepTable.UNASSIGNED.contains(0x24f)).isTrue();
        assertThat(SaslPrepTable.UNASSIGNED.contains(0x250)).isFalse();
        assertThat(SaslPrepTable.PROHIBITED.contains(0x10ffff)).isTrue();
        assertThat(SaslPrepTable.PROHIBITED.contains(0)).isTrue();
        assertThat(SaslPrepTable.NOTHING.contains(0xfeff)).isTrue();
        assertThat(SaslPrepTable.NOTHING.contains(0xff00)).isFalse();
    }
}
