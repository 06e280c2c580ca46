package io.pgdoorman.backend;

/** What becomes of an error that PostgreSQL sends for a client. */
public enum ErrorFate {
    /** It goes to the client as it is. */
    PASSES,
    /** The client has got another message in its place. */
    REPLACED,
    /** Nobody hears of it: it is about the server, which its client is done with. */
    DROPPED,
    /** Nobody hears of it: its batch is run again. */
    RETRIED
}
