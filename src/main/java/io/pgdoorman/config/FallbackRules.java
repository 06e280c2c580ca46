package io.pgdoorman.config;

import java.time.Duration;

/** The rule of the fallback's durations, the same in {@code [general]} and in pools. */
final class FallbackRules {
    private FallbackRules() {}

    static void check(
            Values values, Key<Duration> lifetime, Key<Duration> cooldown, Problems problems) {
        values.own(lifetime)
                .filter(value -> value.compareTo(values.get(cooldown)) > 0)
                .ifPresent(
                        value ->
                                problems.warning(
                                        values.position(lifetime),
                                        values.name(lifetime),
                                        "%s is longer than fallback_cooldown"
                                                .formatted(Quantities.format(value))));
    }
}
