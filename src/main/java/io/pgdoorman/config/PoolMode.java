package io.pgdoorman.config;

/** When a server goes back to its pool. Threads: immutable. */
public enum PoolMode {
    /** At the end of each transaction. */
    TRANSACTION,
    /** When the client leaves. */
    SESSION
}
