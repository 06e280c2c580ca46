package io.pgdoorman.config;

import java.util.Optional;

/**
 * How the value of a key is read, checked and written.
 *
 * <p>Threads: implementations are immutable.
 */
interface ValueType<T> {
    /** For the manual: "duration", "integer, 1 or more". */
    String describe();

    /** Empty if a complaint was made. */
    Optional<T> read(Node node, Complaints complaints);

    /** As TOML; what {@link #read} would read again. */
    String toml(T value);

    /** For views: durations in milliseconds, sizes in bytes, text without quotes, no secrets. */
    default String plain(T value) {
        return toml(value);
    }

    /** Says what is wrong with the value of one key, at a node of it. */
    @FunctionalInterface
    interface Complaints {
        void add(Node at, String message);
    }
}
