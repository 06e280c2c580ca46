package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/**
 * Reads a table by its {@link Section}: types, required keys, each key's own rule, and names nobody
 * knows. Goes on after a problem. Threads: confined to one load.
 */
final class Decoder {
    private final Problems problems;
    private final Overrides overrides;

    Decoder(Problems problems, Overrides overrides) {
        this.problems = problems;
        this.overrides = overrides;
    }

    /** {@code parent} is where unset keys inherit from. */
    Values decode(Section section, Node.Table given, String path, @Nullable Values parent) {
        Node.Table table = overrides.over(section, path, given);
        var values = new Values(section, path, table, parent);
        if (!section.inEffect()) {
            problems.notInEffect(table.position(), path, "section not in effect yet");
        }
        table.entries()
                .forEach(
                        (name, node) -> {
                            Optional<Key<?>> key =
                                    section.find(name).or(() -> section.findByAlias(name));
                            if (key.isPresent()) {
                                read(values, key.get(), name, node);
                            } else if (!section.children().contains(name)) {
                                reportUnknown(section, name, node, path);
                            }
                        });
        section.keys()
                .filter(Key::required)
                .filter(key -> !table.entries().containsKey(key.name()))
                .forEach(
                        key ->
                                problems.error(
                                        table.position(),
                                        values.name(key),
                                        "missing, is required"));
        return values;
    }

    private <T> void read(Values values, Key<T> key, String name, Node node) {
        String full = KeyPath.join(values.path(), name);
        if (!name.equals(key.name())) {
            if (values.source().entries().containsKey(key.name())) {
                problems.error(node.position(), full, "duplicate field, the same as " + key.name());
                return;
            }
            problems.warning(node.position(), full, "deprecated, is now called " + key.name());
        }
        if (!key.notInEffect().isEmpty() && values.section().inEffect()) {
            problems.notInEffect(node.position(), full, key.notInEffect());
        }
        Optional<T> value =
                key.type()
                        .read(node, (at, message) -> problems.error(at.position(), full, message));
        value.ifPresent(
                v -> {
                    values.put(key, v, node.position());
                    key.check().accept(v, new RuleAt(node.position(), full));
                });
    }

    private void reportUnknown(Section section, String name, Node node, String path) {
        String full = KeyPath.join(path, name);
        String instead = section.removed().get(name);
        if (instead != null) {
            problems.warning(node.position(), full, "removed, is ignored; " + instead);
        } else {
            problems.unknown(
                    node.position(),
                    full,
                    "unknown key, is ignored",
                    KeyPath.nearest(name, section.names()));
        }
    }

    private final class RuleAt implements Key.Rule {
        private final Node.Position position;
        private final String name;

        RuleAt(Node.Position position, String name) {
            this.position = position;
            this.name = name;
        }

        @Override
        public void error(String message) {
            problems.error(position, name, message);
        }

        @Override
        public void warning(String message) {
            problems.warning(position, name, message);
        }
    }
}
