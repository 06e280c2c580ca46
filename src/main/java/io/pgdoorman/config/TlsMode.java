package io.pgdoorman.config;

/** What the pooler asks of its clients. Threads: immutable. */
public enum TlsMode {
    DISABLE,
    ALLOW,
    REQUIRE,
    VERIFY_FULL
}
