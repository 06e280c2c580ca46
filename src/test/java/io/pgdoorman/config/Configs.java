package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** Loads texts for tests of this package. */
final class Configs {
    static final String MINIMAL =
            """
            [general]
            admin_username = "admin"
            admin_password = "top-secret"

            [pools.app]
            """;

    private Configs() {}

    /** The configuration of a TOML text that must be good. */
    static Config toml(String text) {
        return good(ConfigLoader.parse(text, "test.toml"));
    }

    /** The minimal one with more keys in {@code [general]}. */
    static Config general(String keys) {
        return toml(withGeneral(keys));
    }

    /** The pool of the minimal one with more keys. */
    static PoolConfig pool(String keys) {
        return toml(MINIMAL + keys).pools().get("app");
    }

    static String withGeneral(String keys) {
        return MINIMAL.replace("\n[pools.app]", keys + "\n[pools.app]");
    }

    /** The texts of what is wrong with a TOML text, those of features to come left out. */
    static List<String> problems(String text) {
        return ConfigLoader.parse(text, "test.toml").problems().stream()
                .filter(p -> p.severity() != Problem.Severity.NOT_IN_EFFECT)
                .map(Problem::toString)
                .toList();
    }

    static Config good(LoadResult result) {
        assertThat(result.config()).as(() -> result.problems().toString()).isPresent();
        return result.config().orElseThrow();
    }
}
