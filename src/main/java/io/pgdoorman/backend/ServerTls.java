package io.pgdoorman.backend;

import io.pgdoorman.config.ServerTlsMode;
import io.pgdoorman.tls.TlsContext;

import java.util.Optional;

/**
 * TLS towards PostgreSQL. Threads: immutable.
 *
 * @param mode as libpq's sslmode
 * @param context given unless the mode is {@code disable}
 * @param direct the connection begins with TLS, and nobody is asked
 */
public record ServerTls(ServerTlsMode mode, Optional<TlsContext> context, boolean direct) {
    public static final ServerTls OFF =
            new ServerTls(ServerTlsMode.DISABLE, Optional.empty(), false);

    /** Whether a connection without TLS is worse than none. */
    boolean isRequired() {
        return switch (mode) {
            case DISABLE, ALLOW, PREFER -> false;
            case REQUIRE, VERIFY_CA, VERIFY_FULL -> true;
        };
    }

    /** What the first connection tries; empty if it goes without. */
    public Optional<TlsContext> first() {
        return mode == ServerTlsMode.ALLOW ? Optional.empty() : context;
    }

    /** Whether PostgreSQL is asked the other way after it refused a connection. */
    boolean asksAgain(boolean encrypted) {
        return mode == (encrypted ? ServerTlsMode.PREFER : ServerTlsMode.ALLOW);
    }

    /** What is tried then; empty if it goes without. */
    Optional<TlsContext> second() {
        return mode == ServerTlsMode.ALLOW ? context : Optional.empty();
    }
}
