package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

import java.util.ArrayList;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * YAML 1.2 (core schema) to {@link Node}. Entries whose value is null are left out, so an empty
 * section counts as absent. An integer with a leading zero is a string: {@code 0600} means a file
 * mode.
 *
 * <p>Threads: confined to one load.
 */
final class YamlReader {
    /** Anchors let a few lines stand for billions of nodes, or for a loop. */
    private static final int MAX_NODES = 200_000;

    private static final int MAX_DEPTH = TomlReader.MAX_DEPTH;
    private static final Pattern LEADING_ZERO = Pattern.compile("[-+]?0[0-9]+");

    private final String file;
    private final Problems problems;
    private int nodes;

    private YamlReader(String file, Problems problems) {
        this.file = file;
        this.problems = problems;
    }

    static Optional<Node.Table> read(String text, String file, Problems problems) {
        var settings =
                LoadSettings.builder()
                        .setLabel(file)
                        .setSchema(new CoreSchema())
                        .setCodePointLimit(SourceFile.MAX_BYTES)
                        .setMaxAliasesForCollections(MAX_NODES)
                        .build();
        try {
            return new YamlReader(file, problems).root(new Compose(settings).composeString(text));
        } catch (MarkedYamlEngineException error) {
            int line = error.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            String what = String.valueOf(error.getProblem());
            problems.error(
                    new Node.Position(file, line),
                    "",
                    "YAML parse error: " + SourceFile.withoutSecrets(what, text, line));
        } catch (YamlEngineException error) {
            // The message could quote the file.
            String what =
                    error instanceof ReaderException
                            ? "has characters that YAML does not allow"
                            : "not a YAML text";
            problems.error(new Node.Position(file, 0), "", "YAML parse error: " + what);
        }
        return Optional.empty();
    }

    private Optional<Node.Table> root(Optional<org.snakeyaml.engine.v2.nodes.Node> root) {
        var top = new Node.Position(file, 1);
        if (root.isEmpty()) {
            problems.error(top, "", "the file is empty");
            return Optional.empty();
        }
        Node converted = convert(root.get(), 0);
        if (converted instanceof Node.Table table) {
            return Optional.of(table);
        }
        if (!problems.hasErrors()) {
            problems.error(top, "", "must be a table of settings at the top level");
        }
        return Optional.empty();
    }

    /** Null stands for YAML's null, and for what was reported as a problem. */
    private @Nullable Node convert(org.snakeyaml.engine.v2.nodes.Node source, int depth) {
        Node.Position at = position(source);
        if (++nodes > MAX_NODES || depth > MAX_DEPTH) {
            if (nodes <= MAX_NODES + 1) {
                problems.error(at, "", "too many or too deeply nested values");
                nodes = MAX_NODES + 1; // stops the rest, once
            }
            return null;
        }
        return switch (source) {
            case MappingNode mapping -> table(mapping, at, depth);
            case SequenceNode sequence -> sequence(sequence, at, depth);
            case ScalarNode scalar -> scalar(scalar, at);
            default -> null;
        };
    }

    private Node.Table table(MappingNode mapping, Node.Position at, int depth) {
        var table = new Node.Table(at);
        for (NodeTuple entry : mapping.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)) {
                problems.error(position(entry.getKeyNode()), "", "a key must be a word");
                continue;
            }
            Node value = convert(entry.getValueNode(), depth + 1);
            if (value == null) {
                continue;
            }
            if (table.entries().put(key.getValue(), value) != null) {
                problems.warning(
                        position(key), key.getValue(), "is given twice, the last one counts");
            }
        }
        return table;
    }

    private Node.Sequence sequence(SequenceNode sequence, Node.Position at, int depth) {
        var items = new ArrayList<Node>();
        for (var item : sequence.getValue()) {
            Node value = convert(item, depth + 1);
            if (value != null) {
                items.add(value);
            } else if (nodes <= MAX_NODES) {
                problems.error(position(item), "", "a list cannot hold null");
            }
        }
        return new Node.Sequence(items, at);
    }

    private @Nullable Node scalar(ScalarNode scalar, Node.Position at) {
        String text = scalar.getValue();
        Tag tag = scalar.getTag();
        if (tag.equals(Tag.NULL)) {
            return null;
        }
        if (tag.equals(Tag.BOOL)) {
            return new Node.Flag(text.equalsIgnoreCase("true"), at);
        }
        if (tag.equals(Tag.INT) && !LEADING_ZERO.matcher(text).matches()) {
            return whole(text, at);
        }
        if (tag.equals(Tag.FLOAT)) {
            return new Node.Other("a float", at);
        }
        return new Node.Text(text, at);
    }

    private static Node whole(String text, Node.Position at) {
        try {
            if (text.startsWith("0x")) {
                return new Node.Whole(Long.parseLong(text.substring(2), 16), at);
            }
            if (text.startsWith("0o")) {
                return new Node.Whole(Long.parseLong(text.substring(2), 8), at);
            }
            return new Node.Whole(Long.parseLong(text), at);
        } catch (NumberFormatException tooLarge) {
            return new Node.Other("an integer out of range", at);
        }
    }

    private Node.Position position(org.snakeyaml.engine.v2.nodes.Node source) {
        return new Node.Position(
                file, source.getStartMark().map(mark -> mark.getLine() + 1).orElse(0));
    }
}
