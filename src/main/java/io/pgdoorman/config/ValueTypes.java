package io.pgdoorman.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The value types of single values; {@link ListTypes} has those of many, {@link QuantityTypes}
 * durations and sizes. Threads: immutable.
 */
final class ValueTypes {
    static final ValueType<String> STRING = new StringType("string", true);
    static final ValueType<String> NAME = new StringType("string, not empty", false);
    static final ValueType<Secret> SECRET = new SecretType();
    static final ValueType<Path> PATH = new PathType();
    static final ValueType<Boolean> BOOLEAN = new BooleanType();

    static final ValueType<Integer> COUNT = integer(0, Integer.MAX_VALUE);
    static final ValueType<Integer> POSITIVE = integer(1, Integer.MAX_VALUE);
    static final ValueType<Integer> PERCENT = integer(0, 100);

    /** 0 asks the system for a free port. */
    static final ValueType<Integer> LISTEN_PORT = integer(0, 65_535);

    static final ValueType<Integer> PORT = integer(1, 65_535);
    static final ValueType<Integer> FILE_MODE = new FileModeType();

    private ValueTypes() {}

    static ValueType<Integer> integer(int min, int max) {
        return new IntegerType(min, max);
    }

    /** Words are the constants' names in lower case with {@code separator} for the underscore. */
    static <E extends Enum<E>> ValueType<E> words(Class<E> type, String separator, boolean strict) {
        var words = new LinkedHashMap<String, E>();
        for (E constant : type.getEnumConstants()) {
            words.put(constant.name().toLowerCase(Locale.ROOT).replace("_", separator), constant);
        }
        return new WordType<>(words, strict);
    }

    private record StringType(String describe, boolean emptyAllowed) implements ValueType<String> {
        @Override
        public Optional<String> read(Node node, Complaints complaints) {
            if (!(node instanceof Node.Text(String text, var _))) {
                complaints.add(node, "must be a string, is " + shown(node));
                return Optional.empty();
            }
            if (text.isBlank() && !emptyAllowed) {
                complaints.add(node, "cannot be empty");
                return Optional.empty();
            }
            return withoutNull(text, node, complaints);
        }

        @Override
        public String toml(String value) {
            return TomlText.quote(value);
        }

        @Override
        public String plain(String value) {
            return value;
        }
    }

    private record SecretType() implements ValueType<Secret> {
        @Override
        public String describe() {
            return "string, secret";
        }

        @Override
        public Optional<Secret> read(Node node, Complaints complaints) {
            if (node instanceof Node.Text(String text, var _)) {
                return withoutNull(text, node, complaints).map(Secret::of);
            }
            complaints.add(node, "must be a string, is " + node.kind());
            return Optional.empty();
        }

        @Override
        public String toml(Secret value) {
            return TomlText.quote(value.toString());
        }

        @Override
        public String plain(Secret value) {
            return value.toString();
        }
    }

    /** The protocol ends strings with a null byte. */
    private static Optional<String> withoutNull(
            String text, Node node, ValueType.Complaints complaints) {
        if (text.indexOf('\0') < 0) {
            return Optional.of(text);
        }
        complaints.add(node, "contains a null byte");
        return Optional.empty();
    }

    private record PathType() implements ValueType<Path> {
        @Override
        public String describe() {
            return "path";
        }

        @Override
        public Optional<Path> read(Node node, Complaints complaints) {
            return STRING.read(node, complaints).flatMap(text -> path(text, node, complaints));
        }

        @Override
        public String toml(Path value) {
            return TomlText.quote(value.toString());
        }

        @Override
        public String plain(Path value) {
            return value.toString();
        }
    }

    static Optional<Path> path(String text, Node node, ValueType.Complaints complaints) {
        try {
            if (!text.isEmpty()) {
                return Optional.of(Path.of(text));
            }
            complaints.add(node, "must be a path, is empty");
        } catch (InvalidPathException notAPath) {
            complaints.add(node, "must be a path, has a character that no path can have");
        }
        return Optional.empty();
    }

    private record BooleanType() implements ValueType<Boolean> {
        @Override
        public String describe() {
            return "boolean";
        }

        @Override
        public Optional<Boolean> read(Node node, Complaints complaints) {
            if (node instanceof Node.Flag flag) {
                return Optional.of(flag.value());
            }
            complaints.add(node, "must be true or false, is " + shown(node));
            return Optional.empty();
        }

        @Override
        public String toml(Boolean value) {
            return value.toString();
        }
    }

    private record IntegerType(int min, int max) implements ValueType<Integer> {
        @Override
        public String describe() {
            return max == Integer.MAX_VALUE
                    ? "integer, %d or more".formatted(min)
                    : "integer, %d to %d".formatted(min, max);
        }

        @Override
        public Optional<Integer> read(Node node, Complaints complaints) {
            if (node instanceof Node.Whole whole && whole.value() >= min && whole.value() <= max) {
                return Optional.of((int) whole.value());
            }
            complaints.add(node, "must be an " + rule() + ", is " + shown(node));
            return Optional.empty();
        }

        private String rule() {
            return "integer from %d to %d".formatted(min, max);
        }

        @Override
        public String toml(Integer value) {
            return value.toString();
        }
    }

    private record FileModeType() implements ValueType<Integer> {
        private static final int ALL = 0777;

        @Override
        public String describe() {
            return "octal string";
        }

        @Override
        public Optional<Integer> read(Node node, Complaints complaints) {
            if (!(node instanceof Node.Text text)) {
                complaints.add(node, "must be an octal string such as \"0600\", is " + shown(node));
                return Optional.empty();
            }
            String digits = text.value().strip();
            digits = digits.startsWith("0o") ? digits.substring(2) : digits;
            if (!digits.matches("[0-7]{1,9}")) {
                complaints.add(node, "is not a valid octal number: " + shown(node));
                return Optional.empty();
            }
            int mode = Integer.parseInt(digits, 8);
            if ((mode & ~ALL) != 0) {
                complaints.add(node, "sets bits outside 0o777: " + shown(node));
                return Optional.empty();
            }
            return Optional.of(mode);
        }

        @Override
        public String toml(Integer value) {
            return TomlText.quote(plain(value));
        }

        @Override
        public String plain(Integer value) {
            return "0%03o".formatted(value);
        }
    }

    private record WordType<E extends Enum<E>>(Map<String, E> words, boolean strict)
            implements ValueType<E> {
        @Override
        public String describe() {
            return words.keySet().stream()
                    .map(TomlText::quote)
                    .collect(Collectors.joining(", ", "one of ", ""));
        }

        @Override
        public Optional<E> read(Node node, Complaints complaints) {
            if (node instanceof Node.Text(String text, var _)) {
                E value = words.get(strict ? text : text.toLowerCase(Locale.ROOT));
                if (value != null) {
                    return Optional.of(value);
                }
            }
            complaints.add(node, "must be " + describe() + ", is " + shown(node));
            return Optional.empty();
        }

        @Override
        public String toml(E value) {
            return TomlText.quote(plain(value));
        }

        @Override
        public String plain(E value) {
            return words.entrySet().stream()
                    .filter(word -> word.getValue() == value)
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** A value in a message; never call it for a secret. */
    static String shown(Node node) {
        return switch (node) {
            case Node.Text(String text, var _) ->
                    TomlText.quote(text.length() > 80 ? text.substring(0, 80) + "..." : text);
            case Node.Whole(long value, var _) -> Long.toString(value);
            case Node.Flag(boolean value, var _) -> Boolean.toString(value);
            case Node.Table _, Node.Sequence _, Node.Other _ -> node.kind();
        };
    }
}
