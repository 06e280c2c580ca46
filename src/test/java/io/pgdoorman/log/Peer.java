package io.pgdoorman.log;

/** A client, as sessions and logins are. */
record Peer(int id, String pool, boolean isKnown) implements LogSubject {
    @Override
    public String toString() {
        return "[" + pool + " #c" + id + "]";
    }
}
