package io.pgdoorman.config;

import static java.util.Objects.requireNonNull;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The users of a pool, written as a list or as a table with numbers as keys. Threads: confined to
 * one load.
 */
record UserEntries(Problems problems) {

    /** The users' tables by their names in messages, in order. */
    Map<String, Node.Table> of(Node.Table pool, String poolPath) {
        String path = poolPath + ".users";
        var users = new LinkedHashMap<String, Node.Table>();
        switch (pool.entries().get("users")) {
            case null -> {}
            case Node.Sequence sequence -> {
                for (int i = 0; i < sequence.items().size(); i++) {
                    add(users, path + "." + i, sequence.items().get(i));
                }
            }
            case Node.Table table ->
                    indices(table, path)
                            .forEach(
                                    index ->
                                            add(
                                                    users,
                                                    path + "." + index,
                                                    requireNonNull(table.entries().get(index))));
            case Node other ->
                    problems.error(
                            other.position(), path, "must be a list of tables, is " + other.kind());
        }
        return users;
    }

    private List<String> indices(Node.Table table, String path) {
        return table.entries().entrySet().stream()
                .filter(
                        e -> {
                            if (e.getKey().matches("[0-9]{1,9}")) {
                                return true;
                            }
                            problems.error(
                                    e.getValue().position(),
                                    KeyPath.join(path, e.getKey()),
                                    "invalid user key, expected a number or a list of users");
                            return false;
                        })
                .map(Map.Entry::getKey)
                .sorted(Comparator.comparingInt(Integer::parseInt))
                .toList();
    }

    private void add(Map<String, Node.Table> users, String path, Node node) {
        if (node instanceof Node.Table table) {
            users.put(path, table);
        } else {
            problems.error(node.position(), path, "must be a table, is " + node.kind());
        }
    }
}
