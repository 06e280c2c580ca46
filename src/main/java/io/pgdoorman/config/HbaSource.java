package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where HBA rules come from, as {@code general.pg_hba} or {@code general.hba} says. Threads:
 * immutable.
 */
sealed interface HbaSource {
    record Inline(String text) implements HbaSource {}

    record File(Path path) implements HbaSource {}

    /** The legacy list: who is in one of them may log in. */
    record Networks(List<Cidr> networks) implements HbaSource {}

    /** With the rest of its line, also where a backslash continues that. */
    Pattern PASSWORD = Pattern.compile("ldapbindpasswd=(?:[^\n]*\\\\\r?\n)*+[^\n]*");

    /** A text, or a table with {@code path} or {@code content}; with both, the content counts. */
    ValueType<HbaSource> RULES = new RulesType();

    /** A list of networks; rules are taken too, as the guide of other versions shows them here. */
    ValueType<HbaSource> NETWORKS_OR_RULES = new NetworksType();

    /** See {@link #RULES}. */
    record RulesType() implements ValueType<HbaSource> {
        @Override
        public String describe() {
            return "text, or a table with `path` or `content`";
        }

        @Override
        public Optional<HbaSource> read(Node node, Complaints complaints) {
            return switch (node) {
                case Node.Text(String text, var _) -> Optional.of(new Inline(text));
                case Node.Table table -> fromTable(table, complaints);
                case Node.Sequence _, Node.Whole _, Node.Flag _, Node.Other _ -> {
                    complaints.add(node, "must be a " + describe() + ", is " + node.kind());
                    yield Optional.empty();
                }
            };
        }

        private Optional<HbaSource> fromTable(Node.Table table, Complaints complaints) {
            boolean known = true;
            for (String name : table.entries().keySet()) {
                if (!name.equals("path") && !name.equals("content")) {
                    complaints.add(
                            table,
                            "unknown field %s, expected path or content"
                                    .formatted(KeyPath.join("", name)));
                    known = false;
                }
            }
            Node content = table.entries().get("content");
            Node path = table.entries().get("path");
            if (!known) {
                return Optional.empty();
            }
            if (content != null) {
                return ValueTypes.STRING.read(content, complaints).map(Inline::new);
            }
            if (path != null) {
                return ValueTypes.PATH.read(path, complaints).map(File::new);
            }
            complaints.add(table, "expected either path or content");
            return Optional.empty();
        }

        @Override
        public String toml(HbaSource value) {
            return switch (value) {
                case Inline(String text) -> TomlText.quote(text);
                case File(Path path) -> "{path = " + TomlText.quote(path.toString()) + "}";
                case Networks(List<Cidr> networks) -> ListTypes.NETWORKS.toml(networks);
            };
        }

        @Override
        public String plain(HbaSource value) {
            return shown(value);
        }
    }

    /** See {@link #NETWORKS_OR_RULES}. */
    record NetworksType() implements ValueType<HbaSource> {
        @Override
        public String describe() {
            return ListTypes.NETWORKS.describe();
        }

        @Override
        public Optional<HbaSource> read(Node node, Complaints complaints) {
            return node instanceof Node.Text || node instanceof Node.Table
                    ? RULES.read(node, complaints)
                    : ListTypes.NETWORKS.read(node, complaints).map(Networks::new);
        }

        @Override
        public String toml(HbaSource value) {
            return RULES.toml(value);
        }

        @Override
        public String plain(HbaSource value) {
            return RULES.plain(value);
        }
    }

    /** For views and the log: a line with a password ends before it. */
    private static String shown(HbaSource value) {
        return RULES.toml(
                value instanceof Inline(String text)
                        ? new Inline(PASSWORD.matcher(text).replaceAll("ldapbindpasswd=***"))
                        : value);
    }
}
