package io.pgdoorman.config;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * Where a pool looks for another PostgreSQL when its own is down. Threads: immutable.
 *
 * @param patroniApiUrls at least one
 * @param fallbackLifetime of servers found this way; {@code fallbackCooldown} unless set
 */
public record FallbackConfig(
        List<URI> patroniApiUrls,
        Duration fallbackCooldown,
        Duration patroniApiTimeout,
        Duration fallbackConnectTimeout,
        Duration fallbackLifetime) {
    public FallbackConfig {
        patroniApiUrls = List.copyOf(patroniApiUrls);
    }
}
