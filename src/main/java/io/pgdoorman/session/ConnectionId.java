package io.pgdoorman.session;

import io.pgdoorman.log.LogSubject;

/**
 * A connection of which nothing else is known. Threads: immutable.
 *
 * @param id as in {@link ClientIdentity}
 */
record ConnectionId(int id) implements LogSubject {
    @Override
    public String pool() {
        return "";
    }

    @Override
    public boolean isKnown() {
        return false;
    }

    @Override
    public String toString() {
        return "[#c" + id + "]";
    }
}
