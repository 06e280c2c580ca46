package io.pgdoorman.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A table of the files: its keys by topic, and the names it knows besides.
 *
 * <p>Threads: immutable.
 *
 * @param name as in headings, such as {@code pools.<name>.users}
 * @param children nested tables, which have sections of their own
 * @param removed keys that other versions knew, each with what to do instead
 * @param inEffect false: the whole section waits for its feature
 */
record Section(
        String name,
        List<KeyGroup> groups,
        List<String> children,
        Map<String, String> removed,
        boolean inEffect,
        String doc) {

    Stream<Key<?>> keys() {
        return groups.stream().flatMap(group -> group.keys().stream());
    }

    Optional<Key<?>> find(String key) {
        return keys().filter(k -> k.name().equals(key)).findFirst();
    }

    /** The key that had this name once. */
    Optional<Key<?>> findByAlias(String alias) {
        return keys().filter(k -> k.aliases().contains(alias)).findFirst();
    }

    /** Every name that may stand in this table, without the old ones. */
    List<String> names() {
        return Stream.concat(keys().map(Key::name), children.stream()).toList();
    }
}
