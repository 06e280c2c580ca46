package io.pgdoorman.config;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Values that count instead of those of the files, by full name such as {@code
 * pools.app.pool_mode}. Threads: confined to one load.
 */
final class Overrides {
    /** Where problems and views say such a value comes from. */
    static final String SOURCE = "SET on the console";

    private final Map<String, String> values;
    private final Set<String> used = new HashSet<>();

    Overrides(Map<String, String> values) {
        this.values = values;
    }

    static Overrides none() {
        return new Overrides(Map.of());
    }

    /** The table with the values given for it; the table itself stays as it is. */
    Node.Table over(Section section, String path, Node.Table table) {
        if (values.isEmpty()) {
            return table;
        }
        var merged = new Node.Table(table.position());
        merged.entries().putAll(table.entries());
        section.keys().forEach(key -> override(key, path, merged));
        return merged;
    }

    private void override(Key<?> key, String path, Node.Table into) {
        String name = KeyPath.join(path, key.name());
        String text = values.get(name);
        if (text != null) {
            used.add(name);
            key.aliases().forEach(into.entries()::remove);
            into.entries().put(key.name(), node(key, text));
        }
    }

    /** What is for a table that is not there, or not known. */
    void reportUnused(Problems problems) {
        for (String name : values.keySet()) {
            if (!used.contains(name)) {
                problems.warning(
                        new Node.Position(SOURCE, 0), name, "there is no such setting any more");
            }
        }
    }

    /** As in a file, but that text needs no quotes. */
    private static Node node(Key<?> key, String text) {
        var position = new Node.Position(SOURCE, 0);
        Node word = new Node.Text(text, position);
        Optional<Node> value = parsed(text).map(node -> at(node, position));
        return value.filter(node -> fits(key, node) || !fits(key, word)).orElse(word);
    }

    private static boolean fits(Key<?> key, Node node) {
        var complaints = new HashMap<Node, String>();
        return key.type().read(node, complaints::put).isPresent() && complaints.isEmpty();
    }

    private static Optional<Node> parsed(String text) {
        if (text.lines().count() != 1) {
            return Optional.empty();
        }
        return TomlReader.read("value = " + text, SOURCE, new Problems())
                .flatMap(table -> Optional.ofNullable(table.entries().get("value")));
    }

    private static Node at(Node node, Node.Position position) {
        return switch (node) {
            case Node.Text(String value, _) -> new Node.Text(value, position);
            case Node.Whole(long value, _) -> new Node.Whole(value, position);
            case Node.Flag(boolean value, _) -> new Node.Flag(value, position);
            case Node.Table(var entries, _) -> new Node.Table(entries, position);
            case Node.Sequence(var items, _) -> new Node.Sequence(items, position);
            case Node.Other(String kind, _) -> new Node.Other(kind, position);
        };
    }
}
