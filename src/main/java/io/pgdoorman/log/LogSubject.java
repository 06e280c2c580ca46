package io.pgdoorman.log;

/**
 * Whom a line is about; given as an argument of the message, it is the prefix of the line by its
 * {@code toString}, and decides which lines are alike, see {@link Repeats}. Called on the thread
 * that logs.
 */
public interface LogSubject {
    /** Lines of different pools are never alike. Empty where a peer has only claimed its pool. */
    String pool();

    /** Whether it has logged in. Who has not can cause lines of any level as fast as it likes. */
    boolean isKnown();
}
