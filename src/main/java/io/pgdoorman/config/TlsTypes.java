package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Value types of TLS. Threads: immutable. */
final class TlsTypes {
    private TlsTypes() {}

    /** As PostgreSQL writes them: {@code TLSv1.2}. */
    record Version() implements ValueType<TlsVersion> {
        @Override
        public String describe() {
            return Arrays.stream(TlsVersion.values())
                    .map(this::toml)
                    .collect(Collectors.joining(", ", "one of ", ""));
        }

        @Override
        public Optional<TlsVersion> read(Node node, Complaints complaints) {
            if (node instanceof Node.Text(String text, var _)) {
                for (TlsVersion version : TlsVersion.values()) {
                    if (plain(version).equalsIgnoreCase(text)) {
                        return Optional.of(version);
                    }
                }
            }
            complaints.add(node, "must be " + describe() + ", is " + ValueTypes.shown(node));
            return Optional.empty();
        }

        @Override
        public String toml(TlsVersion value) {
            return TomlText.quote(plain(value));
        }

        @Override
        public String plain(TlsVersion value) {
            return value.name().toLowerCase(Locale.ROOT).replace("tls", "TLS").replace('_', '.');
        }
    }

    record Suites() implements ValueType<List<TlsCipherSuite>> {
        @Override
        public String describe() {
            return "list of cipher suites";
        }

        @Override
        public Optional<List<TlsCipherSuite>> read(Node node, Complaints complaints) {
            if (!(node instanceof Node.Sequence(var items, var _))) {
                complaints.add(node, "must be a " + describe() + ", is " + ValueTypes.shown(node));
                return Optional.empty();
            }
            if (items.isEmpty()) {
                complaints.add(node, "cannot be an empty list");
                return Optional.empty();
            }
            List<TlsCipherSuite> suites = new ArrayList<>();
            for (Node item : items) {
                Optional<TlsCipherSuite> suite =
                        item instanceof Node.Text(String text, var _)
                                ? TlsCipherSuite.of(text)
                                : Optional.empty();
                if (suite.isEmpty()) {
                    complaints.add(
                            item,
                            "%s is not one of %s"
                                    .formatted(
                                            ValueTypes.shown(item),
                                            plain(List.of(TlsCipherSuite.values()))));
                    return Optional.empty();
                }
                suites.add(suite.get());
            }
            return Optional.of(List.copyOf(suites));
        }

        @Override
        public String toml(List<TlsCipherSuite> value) {
            return value.stream()
                    .map(suite -> TomlText.quote(suite.name()))
                    .collect(Collectors.joining(", ", "[", "]"));
        }

        @Override
        public String plain(List<TlsCipherSuite> value) {
            return value.stream().map(TlsCipherSuite::name).collect(Collectors.joining(","));
        }
    }
}
