package io.pgdoorman.config;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * One thing to say about the configuration files. Never contains a secret. Threads: immutable.
 *
 * @param file where; a path, or a name such as {@code general.pg_hba} for inline rules
 * @param line from 1, if known
 * @param key full name such as {@code pools.app.users.0.pool_size}; empty if no key is concerned
 * @param message the rule, and the value that breaks it
 * @param nearest the known key an unknown one probably means
 */
public record Problem(
        Severity severity,
        String file,
        OptionalInt line,
        String key,
        String message,
        Optional<String> nearest) {

    public enum Severity {
        ERROR,
        WARNING,
        /** The key is fine, what it configures is not there yet. */
        NOT_IN_EFFECT
    }

    /** One line for people. */
    public String text() {
        StringBuilder text = new StringBuilder(file);
        line.ifPresent(number -> text.append(':').append(number));
        text.append(": ");
        if (!key.isEmpty()) {
            text.append(key).append(": ");
        }
        text.append(message);
        nearest.ifPresent(near -> text.append("; did you mean ").append(near).append('?'));
        return text.toString();
    }

    @Override
    public String toString() {
        return severity + " " + text();
    }
}
