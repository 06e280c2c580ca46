package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HexFormat;
import java.util.Map;

/** Parameter sets of a message, each written once. */
class ParameterTableTest {
    private static final int FIELD = 1;

    private final ParameterInterner interner = new ParameterInterner();

    private ParameterTable rewritten(ParameterTable table) throws FormatException {
        var out = new FieldWriter();
        table.write(out, FIELD);
        var read = new ParameterTable();
        var in = new FieldReader(out.toByteArray());
        while (in.next() == FIELD) {
            read.read(in.message(), interner);
        }
        return read;
    }

    @Test
    void equalSetsHaveOneNumber() {
        var table = new ParameterTable();

        int first = table.numberOf(ParameterSet.of(Map.of("TimeZone", "UTC")));
        int other = table.numberOf(ParameterSet.of(Map.of("TimeZone", "CET")));
        int again = table.numberOf(ParameterSet.of(Map.of("TimeZone", "UTC")));

        assertThat(first).isEqualTo(1);
        assertThat(other).isEqualTo(2);
        assertThat(again).isEqualTo(1);
    }

    @Test
    void theEmptySetHasANumberAndNoEntry() throws Exception {
        var table = new ParameterTable();
        var out = new FieldWriter();

        int number = table.numberOf(ParameterSet.of(Map.of()));
        table.write(out, FIELD);

        assertThat(number).isZero();
        assertThat(out.size()).isZero();
        assertThat(table.get(0)).isEqualTo(ParameterSet.EMPTY);
    }

    @Test
    void setsSurvive() throws Exception {
        var many = ParameterSet.EMPTY;
        for (int i = 0; i < 500; i++) {
            many = many.with("name" + i, "v".repeat(i));
        }
        var table = new ParameterTable();
        int reported = table.numberOf(Samples.REPORTED);
        int largest = table.numberOf(many);

        ParameterTable read = rewritten(table);

        assertThat(read.get(reported).toMap()).isEqualTo(Samples.REPORTED.toMap());
        assertThat(read.get(largest).toMap()).isEqualTo(many.toMap());
    }

    @Test
    void emptyNamesAndValuesSurvive() throws Exception {
        var set = ParameterSet.of(Map.of("", "of no name", "a", "", "b", "", "c", "1"));
        var table = new ParameterTable();
        int number = table.numberOf(set);

        ParameterTable read = rewritten(table);

        assertThat(read.get(number).toMap()).isEqualTo(set.toMap());
    }

    @Test
    void aSetThatIsReadIsTheOneTheProcessHas() throws Exception {
        ParameterSet known = interner.intern(ParameterSet.of(Map.of("TimeZone", "UTC")));
        var table = new ParameterTable();
        int number = table.numberOf(ParameterSet.of(Map.of("TimeZone", "UTC")));

        ParameterTable read = rewritten(table);

        assertThat(read.get(number)).isSameAs(known);
    }

    @Test
    void theBytesOfASetAreThese() {
        var table = new ParameterTable();
        table.numberOf(ParameterSet.of(Map.of("a", "1", "b", "")));
        var out = new FieldWriter();

        table.write(out, FIELD);

        assertThat(HexFormat.of().formatHex(out.toByteArray()))
                .isEqualTo("0a0b" + "0a0161" + "120131" + "0a0162" + "1200");
    }

    @ParameterizedTest
    @ValueSource(longs = {2, -1, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE})
    void aNumberWithoutASetIsRefused(long number) throws Exception {
        var table = new ParameterTable();
        table.numberOf(Samples.REPORTED);
        ParameterTable read = rewritten(table);

        assertThatThrownBy(() -> read.get(number)).isInstanceOf(FormatException.class);
    }
}
