package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

import java.util.LinkedHashMap;
import java.util.Map;

class ParameterSetTest {
    private static final ParameterSet SET =
            ParameterSet.of(Map.of("DateStyle", "ISO", "TimeZone", "UTC", "client_encoding", "x"));

    @Test
    void findsNamesInAnyCase() {
        assertThat(SET.get("datestyle")).isEqualTo("ISO");
        assertThat(SET.get("TIMEZONE")).isEqualTo("UTC");
        assertThat(SET.get("other")).isNull();
        assertThat(ParameterSet.EMPTY.get("")).isNull();
    }

    @Test
    void isOrderedByName() {
        assertThat(SET.toMap())
                .containsExactly(
                        entry("client_encoding", "x"),
                        entry("DateStyle", "ISO"),
                        entry("TimeZone", "UTC"));
        assertThat(SET.size()).isEqualTo(3);
        assertThat(SET.name(2)).isEqualTo("TimeZone");
        assertThat(SET.value(2)).isEqualTo("UTC");
    }

    @Test
    void keepsTheSpellingItHas() {
        assertThat(SET.with("datestyle", "SQL").toMap()).containsEntry("DateStyle", "SQL");
    }

    @Test
    void isItselfWithAValueItHasAlready() {
        assertThat(SET.with("TIMEZONE", "UTC")).isSameAs(SET);
    }

    @Test
    void doesNotChange() {
        ParameterSet changed = SET.with("TimeZone", "CET").with("a", "b").with("z", "y");

        assertThat(SET.get("TimeZone")).isEqualTo("UTC");
        assertThat(SET.size()).isEqualTo(3);
        assertThat(changed.toMap().keySet())
                .containsExactly("a", "client_encoding", "DateStyle", "TimeZone", "z");
    }

    @Test
    void theLaterOfTwoSpellingsWins() {
        Map<String, String> twice = new LinkedHashMap<>();
        twice.put("TimeZone", "UTC");
        twice.put("timezone", "CET");

        ParameterSet set = ParameterSet.of(twice);

        assertThat(set.size()).isEqualTo(1);
        assertThat(set.get("TimeZone")).isEqualTo("CET");
    }

    @Test
    void equalsWhateverTheSpelling() {
        ParameterSet other =
                ParameterSet.of(
                        Map.of("datestyle", "ISO", "timezone", "UTC", "CLIENT_ENCODING", "x"));

        assertThat(other).isEqualTo(SET).hasSameHashCodeAs(SET);
        assertThat(other.isSame(SET)).isFalse();
        assertThat(SET.with("a", "b")).isNotEqualTo(SET);
        assertThat(SET.with("TimeZone", "CET")).isNotEqualTo(SET);
        assertThat(ParameterSet.of(Map.of("a", "1")))
                .isNotEqualTo(ParameterSet.of(Map.of("b", "1")));
        assertThat(ParameterSet.of(Map.of())).isEqualTo(ParameterSet.EMPTY);
    }

    @Test
    void internedSetsAreOneObject() {
        var interner = new ParameterInterner();
        ParameterSet first = interner.intern(ParameterSet.of(Map.of("a", "1")));

        ParameterSet second = interner.intern(ParameterSet.of(Map.of("A", "1")));

        assertThat(second).isSameAs(first);
        assertThat(interner.intern(first.with("a", "2"))).isNotSameAs(first);
    }

    @Test
    void inventedValuesCostSharingOnly() {
        var interner = new ParameterInterner();
        ParameterSet first = interner.intern(ParameterSet.of(Map.of("a", "x")));
        for (int i = 0; i < 10_000; i++) {
            interner.intern(ParameterSet.of(Map.of("a", Integer.toString(i))));
        }

        ParameterSet again = ParameterSet.of(Map.of("a", "x"));

        assertThat(interner.intern(again)).isEqualTo(first).isSameAs(interner.intern(first));
    }
}
