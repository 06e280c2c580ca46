package io.pgdoorman.migrate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A PgBouncer configuration as it was read, nothing understood yet. Threads: immutable.
 *
 * @param settings of {@code [pgbouncer]} by name; of two the later counts
 * @param databases of {@code [databases]} by name, in order
 * @param users of {@code [users]} by name, in order
 */
record BouncerConfig(
        Map<String, IniEntry> settings, Map<String, Item> databases, Map<String, Item> users) {

    /** A line of {@code [databases]} or {@code [users]}. */
    record Item(Place at, String name, Map<String, String> pairs) {
        Item {
            pairs = Collections.unmodifiableMap(new LinkedHashMap<>(pairs));
        }

        Optional<String> get(String key) {
            return Optional.ofNullable(pairs.get(key));
        }
    }

    /** Entries of other sections are reported. */
    static BouncerConfig of(List<IniEntry> entries, Findings findings) throws MigrationException {
        Map<String, IniEntry> settings = new LinkedHashMap<>();
        Map<String, Item> databases = new LinkedHashMap<>();
        Map<String, Item> users = new LinkedHashMap<>();
        var unknown = new TreeSet<String>();
        for (IniEntry entry : entries) {
            switch (entry.section()) {
                case "pgbouncer" -> settings.put(entry.key(), entry);
                case "databases" -> databases.put(entry.key(), item(entry));
                case "users" -> users.put(entry.key(), item(entry));
                case "peers" ->
                        findings.add(
                                entry.at(),
                                "[peers] " + entry.key(),
                                "there are no peers: one process uses all cores, and a new process"
                                        + " takes the clients of the old one with their cancel keys",
                                "run one process in place of all that share the port");
                default -> {
                    if (unknown.add(entry.section())) {
                        findings.add(
                                entry.at(),
                                "[" + entry.section() + "]",
                                "is no section of PgBouncer that is known here, and is left out",
                                "");
                    }
                }
            }
        }
        return new BouncerConfig(settings, databases, users);
    }

    private static Item item(IniEntry entry) throws MigrationException {
        return new Item(entry.at(), entry.key(), ConnectString.parse(entry));
    }
}
