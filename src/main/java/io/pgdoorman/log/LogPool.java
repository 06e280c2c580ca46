package io.pgdoorman.log;

/**
 * A pool as the subject of a line, or what is in it. Threads: immutable.
 *
 * @param pool {@code user@database}
 */
public record LogPool(String pool) implements LogSubject {
    @Override
    public boolean isKnown() {
        return true;
    }

    @Override
    public String toString() {
        return "[" + pool + "]";
    }
}
