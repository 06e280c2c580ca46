package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.List;

/**
 * Login by Talos tokens. Threads: immutable.
 *
 * @param keys PEM public keys; a key's id is its file name without the suffix
 * @param databases accepted suffixes of a token's resources
 */
public record TalosConfig(List<Path> keys, List<String> databases) {
    public TalosConfig {
        keys = List.copyOf(keys);
        databases = List.copyOf(databases);
    }
}
