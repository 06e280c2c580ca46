package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Map;

/** Which settings of the console are in effect after which reload. */
class ConsoleSettingsTest {
    private final ConsoleSettings settings = new ConsoleSettings();

    private void accept(String name, String value) {
        settings.set(name, value);
        settings.begin();
        settings.accepted();
    }

    @Test
    void areInEffectWhenTheReloadIsAccepted() {
        settings.set("a", "1");

        Map<String, String> tried = settings.begin();

        assertThat(tried).isEqualTo(Map.of("a", "1"));
        assertThat(settings.inEffect()).isEmpty();
        assertThat(settings.accepted()).isEmpty();
        assertThat(settings.inEffect()).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void oneMoreKeepsThoseBefore() {
        accept("a", "1");

        accept("b", "2");

        assertThat(settings.inEffect()).isEqualTo(Map.of("a", "1", "b", "2"));
    }

    @Test
    void aBadOneIsForgotten() {
        accept("a", "1");
        settings.set("a", "bad");
        settings.begin();

        settings.rejected();

        assertThat(settings.inEffect()).isEqualTo(Map.of("a", "1"));
        assertThat(settings.begin()).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void oneThatCameWhileABadOneWasTriedIsTriedNext() {
        settings.set("a", "bad");
        settings.begin();
        settings.set("b", "2");

        settings.rejected();

        assertThat(settings.begin()).isEqualTo(Map.of("b", "2"));
    }

    @Test
    void aReloadDropsThemAndSaysWhich() {
        accept("a", "1");
        settings.drop();
        settings.begin();

        assertThat(settings.accepted()).containsExactly("a");

        assertThat(settings.inEffect()).isEmpty();
    }

    @Test
    void aReloadOfABadFileLeavesThem() {
        accept("a", "1");
        settings.drop();
        settings.begin();

        settings.rejected();

        assertThat(settings.inEffect()).isEqualTo(Map.of("a", "1"));
        assertThat(settings.begin()).isEqualTo(Map.of("a", "1"));
    }

    @Test
    void thoseOfThePredecessorAreTakenOnce() {
        settings.adopt(Map.of("a", "1"));

        assertThat(settings.takeAdopted()).isEqualTo(Map.of("a", "1"));
        assertThat(settings.takeAdopted()).isEmpty();
    }
}
