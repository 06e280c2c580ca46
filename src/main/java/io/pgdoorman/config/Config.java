package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One valid configuration: everything the files said, defaults and inheritance applied. Two
 * snapshots are equal when every value (secrets included) is.
 *
 * <p>Threads: immutable.
 *
 * @param general what concerns the whole process
 * @param pools by database name as clients give it, in file order
 * @param web present if the section was written
 * @param talos present if the section was written
 * @param files the main file first, then the included ones in the order they were merged
 * @param secretFiles which of these, and of pg_hba, hold a password in plain text
 * @param settings every key with its value as text, in the order of the table; secrets are hidden
 */
public record Config(
        GeneralConfig general,
        Map<String, PoolConfig> pools,
        Optional<WebConfig> web,
        Optional<TalosConfig> talos,
        List<Path> files,
        List<Path> secretFiles,
        List<Setting> settings) {
    public Config {
        pools = Collections.unmodifiableMap(new LinkedHashMap<>(pools));
        files = List.copyOf(files);
        secretFiles = List.copyOf(secretFiles);
        settings = List.copyOf(settings);
    }

    /** The pool of a database name as a client gives it. */
    public Optional<PoolConfig> pool(String database) {
        return Optional.ofNullable(pools.get(database));
    }
}
