package io.pgdoorman.migrate;

/**
 * Where something stands. Threads: immutable.
 *
 * @param line from 1
 */
record Place(String file, int line) {
    @Override
    public String toString() {
        return file + ":" + line;
    }
}
