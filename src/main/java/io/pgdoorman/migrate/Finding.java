package io.pgdoorman.migrate;

/**
 * Something of another program's files that has no counterpart here or another meaning. Never
 * contains a secret. Threads: immutable.
 *
 * @param file where, as it was named
 * @param line from 1
 * @param name the setting, as it is called there
 * @param why what is different
 * @param advice what to do; empty if there is nothing to do
 */
public record Finding(String file, int line, String name, String why, String advice) {
    /** One line for people. */
    public String text() {
        String text = "%s:%d: %s: %s".formatted(file, line, name, why);
        return Printable.of(advice.isEmpty() ? text : text + "; " + advice);
    }
}
