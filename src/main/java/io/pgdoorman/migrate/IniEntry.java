package io.pgdoorman.migrate;

/**
 * One {@code key = value}. Threads: immutable.
 *
 * @param value as written, without the blanks around it; it may be or hold a secret
 */
record IniEntry(Place at, String section, String key, String value) {
    @Override
    public String toString() {
        return "%s: [%s] %s".formatted(at, section, key);
    }
}
