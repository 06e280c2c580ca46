package io.pgdoorman.migrate;

import io.pgdoorman.config.TomlText;

import java.util.LinkedHashMap;
import java.util.Map;

/** A line of a configuration to be written. Threads: immutable. */
sealed interface Line {
    record Comment(String text) implements Line {}

    /**
     * @param note stands behind the value as a comment; may be empty
     */
    record Setting(String key, Value value, String note) implements Line {}

    /** What a setting is set to. */
    sealed interface Value {
        /**
         * @param written the same in TOML and YAML
         */
        record Scalar(String written) implements Value {}

        /** A table on one line. */
        record Table(Map<String, String> entries) implements Value {
            public Table {
                entries = new LinkedHashMap<>(entries);
            }
        }

        /** Several lines of text, each with an end. */
        record Text(String lines) implements Value {}
    }

    static Setting of(String key, String value) {
        return new Setting(key, new Value.Scalar(TomlText.quote(value)), "");
    }

    static Setting of(String key, long value) {
        return new Setting(key, new Value.Scalar(Long.toString(value)), "");
    }

    static Setting of(String key, boolean value) {
        return new Setting(key, new Value.Scalar(Boolean.toString(value)), "");
    }

    static Setting of(String key, Map<String, String> table) {
        return new Setting(key, new Value.Table(table), "");
    }

    static Setting ofText(String key, String lines) {
        return new Setting(key, new Value.Text(lines), "");
    }
}
