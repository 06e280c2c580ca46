package io.pgdoorman.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Value types that hold several values. Threads: immutable. */
final class ListTypes {
    static final ValueType<List<String>> STRINGS =
            new ListType<>("list of strings", ValueTypes.STRING);
    static final ValueType<List<Path>> PATHS = new ListType<>("list of paths", ValueTypes.PATH);
    static final ValueType<List<Cidr>> NETWORKS =
            new ListType<>("list of networks", new CidrType());
    static final ValueType<List<URI>> URLS = new ListType<>("list of URLs", new UrlType());
    static final ValueType<Map<String, String>> STRING_MAP = new StringMapType();

    private ListTypes() {}

    private record ListType<T>(String describe, ValueType<T> item) implements ValueType<List<T>> {
        @Override
        public Optional<List<T>> read(Node node, Complaints complaints) {
            if (!(node instanceof Node.Sequence sequence)) {
                complaints.add(node, "must be a " + describe + ", is " + ValueTypes.shown(node));
                return Optional.empty();
            }
            var values = new ArrayList<T>();
            for (Node each : sequence.items()) {
                item.read(each, complaints).ifPresent(values::add);
            }
            return values.size() == sequence.items().size()
                    ? Optional.of(List.copyOf(values))
                    : Optional.empty();
        }

        @Override
        public String toml(List<T> value) {
            return value.stream().map(item::toml).collect(Collectors.joining(", ", "[", "]"));
        }

        @Override
        public String plain(List<T> value) {
            return value.stream().map(item::plain).collect(Collectors.joining(","));
        }
    }

    private record CidrType() implements ValueType<Cidr> {
        @Override
        public String describe() {
            return "network";
        }

        @Override
        public Optional<Cidr> read(Node node, Complaints complaints) {
            Optional<Cidr> network =
                    node instanceof Node.Text(String text, var _)
                            ? Addresses.network(text)
                            : Optional.empty();
            if (network.isEmpty()) {
                boolean ambiguous =
                        node instanceof Node.Text(String text, var _)
                                && Addresses.isAmbiguous(text);
                complaints.add(
                        node,
                        ambiguous
                                ? Addresses.AMBIGUOUS
                                : "must be an address with a prefix length such as \"10.0.0.0/8\", is "
                                        + ValueTypes.shown(node));
            }
            return network;
        }

        @Override
        public String toml(Cidr value) {
            return TomlText.quote(value.toString());
        }

        @Override
        public String plain(Cidr value) {
            return value.toString();
        }
    }

    private record UrlType() implements ValueType<URI> {
        @Override
        public String describe() {
            return "URL";
        }

        @Override
        public Optional<URI> read(Node node, Complaints complaints) {
            if (node instanceof Node.Text(String text, var _)
                    && (text.startsWith("http://") || text.startsWith("https://"))) {
                try {
                    return Optional.of(URI.create(text));
                } catch (IllegalArgumentException notAUrl) {
                    complaints.add(node, "invalid URL"); // not shown, it could hold a password
                    return Optional.empty();
                }
            }
            complaints.add(node, "invalid URL, must start with http:// or https://");
            return Optional.empty();
        }

        @Override
        public String toml(URI value) {
            return TomlText.quote(value.toString());
        }

        @Override
        public String plain(URI value) {
            return value.toString();
        }
    }

    /** Keeps the order of the file; {@link StartupParameters} has the rules for names. */
    private record StringMapType() implements ValueType<Map<String, String>> {
        @Override
        public String describe() {
            return "table of strings";
        }

        @Override
        public Optional<Map<String, String>> read(Node node, Complaints complaints) {
            if (!(node instanceof Node.Table table)) {
                complaints.add(node, "must be a table, is " + ValueTypes.shown(node));
                return Optional.empty();
            }
            var values = new LinkedHashMap<String, String>();
            table.entries()
                    .forEach(
                            (name, each) -> {
                                if (each instanceof Node.Text text) {
                                    values.put(name, text.value());
                                } else {
                                    complaints.add(
                                            each,
                                            "the value of %s must be a string, is %s"
                                                    .formatted(
                                                            KeyPath.join("", name),
                                                            ValueTypes.shown(each)));
                                }
                            });
            return values.size() == table.entries().size() ? Optional.of(values) : Optional.empty();
        }

        @Override
        public String toml(Map<String, String> value) {
            return value.entrySet().stream()
                    .map(e -> KeyPath.join("", e.getKey()) + " = " + TomlText.quote(e.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
        }
    }
}
