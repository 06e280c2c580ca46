package io.pgdoorman.config;

/**
 * One key with its value in a loaded configuration, for views such as SHOW CONFIG. Threads:
 * immutable.
 *
 * @param name full name, such as {@code general.port} or {@code pools.app.users.0.pool_size}
 * @param value as text, in the notation of the file; hidden for secrets, empty when unset
 * @param defaultValue as text, empty when there is none
 * @param set whether a file gave the value
 * @param reload when a change takes effect
 */
public record Setting(
        String name, String value, String defaultValue, boolean set, ReloadClass reload) {}
