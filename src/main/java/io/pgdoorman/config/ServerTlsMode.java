package io.pgdoorman.config;

/**
 * What the pooler asks of PostgreSQL; the names mean what libpq's sslmode means. Threads:
 * immutable.
 */
public enum ServerTlsMode {
    DISABLE,
    ALLOW,
    PREFER,
    REQUIRE,
    VERIFY_CA,
    VERIFY_FULL
}
