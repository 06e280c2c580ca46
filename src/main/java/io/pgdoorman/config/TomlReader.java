package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;
import org.tomlj.TomlVersion;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** TOML 1.0 to {@link Node}. Threads: any thread, because it has no state. */
final class TomlReader {
    /** Settings nest four deep; this bounds what walks the tree. */
    static final int MAX_DEPTH = 64;

    private final String file;

    private TomlReader(String file) {
        this.file = file;
    }

    static Optional<Node.Table> read(String text, String file, Problems problems) {
        TomlParseResult result = Toml.parse(text, TomlVersion.V1_0_0);
        if (result.hasErrors()) {
            result.errors()
                    .forEach(
                            error -> {
                                int line = error.position().line();
                                String what = String.valueOf(error.getMessage());
                                problems.error(
                                        new Node.Position(file, line),
                                        "",
                                        "TOML parse error: "
                                                + SourceFile.withoutSecrets(what, text, line));
                            });
            return Optional.empty();
        }
        var top = new Node.Position(file, 1);
        try {
            return Optional.of(new TomlReader(file).table(result, top, 0));
        } catch (TooDeepException _) {
            problems.error(top, "", "values are nested too deeply");
            return Optional.empty();
        }
    }

    private Node.Table table(TomlTable source, Node.Position position, int depth)
            throws TooDeepException {
        if (depth > MAX_DEPTH) {
            throw new TooDeepException();
        }
        var table = new Node.Table(position);
        for (String key : source.keySet()) {
            List<String> path = List.of(key);
            Node.Position at = position(source.inputPositionOf(path), position);
            table.entries().put(key, node(source.get(path), at, depth + 1));
        }
        return table;
    }

    private Node node(@Nullable Object value, Node.Position at, int depth) throws TooDeepException {
        return switch (value) {
            case TomlTable inner -> table(inner, at, depth);
            case TomlArray array -> {
                if (depth > MAX_DEPTH) {
                    throw new TooDeepException();
                }
                var items = new ArrayList<Node>();
                for (int i = 0; i < array.size(); i++) {
                    var itemAt = position(array.inputPositionOf(i), at);
                    items.add(node(array.get(i), itemAt, depth + 1));
                }
                yield new Node.Sequence(items, at);
            }
            case String text -> new Node.Text(text, at);
            case Long whole -> new Node.Whole(whole, at);
            case Boolean flag -> new Node.Flag(flag, at);
            case Double _ -> new Node.Other("a float", at);
            case null, default -> new Node.Other("a date or time", at);
        };
    }

    private static final class TooDeepException extends Exception {
        private static final long serialVersionUID = 1;
    }

    private Node.Position position(@Nullable TomlPosition position, Node.Position parent) {
        return position == null ? parent : new Node.Position(file, position.line());
    }
}
