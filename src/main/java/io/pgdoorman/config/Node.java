package io.pgdoorman.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A piece of a configuration file, the same for TOML and YAML. Threads: immutable, apart from a
 * table's entries while files are merged.
 */
sealed interface Node {
    /** Where it was written. */
    Position position();

    /** For messages: "a string", "a table". Never shows the value, which may be a secret. */
    String kind();

    /** A file and a line from 1; line 0 if unknown. */
    record Position(String file, int line) {
        String text() {
            return line > 0 ? file + ":" + line : file;
        }
    }

    record Table(Map<String, Node> entries, Position position) implements Node {
        Table(Position position) {
            this(new LinkedHashMap<>(), position);
        }

        @Override
        public String kind() {
            return "a table";
        }
    }

    record Sequence(List<Node> items, Position position) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }
    }

    record Text(String value, Position position) implements Node {
        @Override
        public String kind() {
            return "a string";
        }
    }

    record Whole(long value, Position position) implements Node {
        @Override
        public String kind() {
            return "an integer";
        }
    }

    record Flag(boolean value, Position position) implements Node {
        @Override
        public String kind() {
            return "a boolean";
        }
    }

    /** What no setting takes: floats, dates and times. */
    record Other(String kind, Position position) implements Node {}
}
