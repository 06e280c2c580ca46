package io.pgdoorman.config;

/**
 * What becomes of a client in transaction mode that leaves state in its session which cannot follow
 * it to another server. Threads: immutable.
 */
public enum SessionState {
    /** The state is removed when the server goes back. */
    IGNORE,
    /** The same, and the log says so. */
    WARN,
    /** The client keeps its server until it leaves, and the log says so. */
    PIN,
    /** The client is closed with an error. */
    REJECT
}
