package io.pgdoorman.migrate;

import java.util.Locale;

/** The formats of configuration files. Threads: immutable. */
public enum ConfigFormat {
    TOML,
    YAML;

    /** What a file of this name is read as. */
    public static ConfigFormat ofFile(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".yaml") || lower.endsWith(".yml") ? YAML : TOML;
    }

    /** A file name of this format. */
    String exampleName() {
        return this == YAML ? "pg_doorman.yaml" : "pg_doorman.toml";
    }
}
