package io.pgdoorman.config;

/**
 * How TLS with PostgreSQL begins; the names mean what libpq's sslnegotiation means. Threads:
 * immutable.
 */
public enum ServerTlsNegotiation {
    /** It is asked whether it has TLS. */
    POSTGRES,
    /** With the handshake at once, which PostgreSQL 17 and later take: one round trip less. */
    DIRECT
}
