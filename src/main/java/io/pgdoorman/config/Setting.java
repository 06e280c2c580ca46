package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/**
 * One key with its value in a loaded configuration, for views such as SHOW CONFIG. Threads:
 * immutable.
 *
 * @param name full name, such as {@code general.port} or {@code pools.app.users.0.pool_size}
 * @param value as text, in the notation of the file; hidden for secrets, empty when unset
 * @param defaultValue as text, empty when there is none
 * @param set whether a file gave the value
 * @param reload when a change takes effect
 * @param source where the value comes from: {@code FILE:LINE}, {@code default}, {@code SET on the
 *     console}, or one of these behind the name of the setting it is inherited from
 */
public record Setting(
        String name,
        String value,
        String defaultValue,
        boolean set,
        ReloadClass reload,
        String source) {

    /** Another line of the file does not make it another setting. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Setting that
                && name.equals(that.name)
                && value.equals(that.value)
                && defaultValue.equals(that.defaultValue)
                && set == that.set
                && reload == that.reload;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, value, defaultValue, set, reload);
    }

    /** Whether the value was given on the console. */
    public boolean isOverride() {
        return source.equals(Overrides.SOURCE);
    }
}
