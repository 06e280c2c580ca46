package io.pgdoorman.config;

/**
 * What the pooler asks of its clients. Threads: immutable.
 *
 * <p>{@code verify-ca} and {@code verify-full} are the same, as in PgBouncer: a client has no host
 * name that its certificate could be compared with.
 */
public enum TlsMode {
    DISABLE,
    ALLOW,
    REQUIRE,
    VERIFY_CA,
    VERIFY_FULL;

    /** Whether clients without TLS are refused. */
    public boolean isRequired() {
        return switch (this) {
            case DISABLE, ALLOW -> false;
            case REQUIRE, VERIFY_CA, VERIFY_FULL -> true;
        };
    }

    /** Whether a client has to show a certificate. */
    public boolean isVerifying() {
        return switch (this) {
            case DISABLE, ALLOW, REQUIRE -> false;
            case VERIFY_CA, VERIFY_FULL -> true;
        };
    }
}
