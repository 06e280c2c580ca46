package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The declaration of one setting: everything there is to know about it, for reading, checking,
 * views and the manual.
 *
 * <p>Threads: immutable.
 *
 * @param name as in the files
 * @param defaultValue empty if unset means something of its own, or if the key is required
 * @param defaultText the default in the manual, where the value alone does not say it
 * @param example a TOML value for the example file, where there is no default
 * @param required a file must give it
 * @param inherits the key of the enclosing section whose value counts when this one is unset
 * @param aliases old names, each with a warning
 * @param notInEffect why the key does nothing, to be read after its name; empty if it does
 * @param check rules for a value of the right type
 */
record Key<T>(
        String name,
        ValueType<T> type,
        Optional<T> defaultValue,
        String defaultText,
        String example,
        boolean required,
        Optional<Key<T>> inherits,
        List<String> aliases,
        String notInEffect,
        ReloadClass reload,
        BiConsumer<T, Rule> check,
        String doc) {

    /** Keys are told apart by where they are declared, not by what they say. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return name;
    }

    /** Takes the complaints of a {@link #check}. */
    interface Rule {
        void error(String message);

        void warning(String message);
    }
}
