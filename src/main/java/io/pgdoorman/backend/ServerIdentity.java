package io.pgdoorman.backend;

import io.pgdoorman.log.LogDuration;
import io.pgdoorman.log.LogPool;
import io.pgdoorman.log.LogSubject;
import io.pgdoorman.wire.CancelKey;

import java.net.SocketAddress;

/**
 * What of a server never changes.
 *
 * <p>Threads: immutable.
 *
 * @param id unique in this process
 * @param pool {@code user@database}, for log lines
 * @param address where PostgreSQL listens; cancel requests go there too
 * @param cancelKey PostgreSQL's process ID and secret key of this connection
 * @param profile the startup parameters it logged in with, apart from application_name
 * @param bornNanos {@link System#nanoTime} of the login
 * @param lifetimeNanos age at which it is replaced, its jitter included; {@link Long#MAX_VALUE} is
 *     never
 * @param idleNanos idle time after which it is closed, its jitter included
 */
public record ServerIdentity(
        long id,
        String pool,
        SocketAddress address,
        CancelKey cancelKey,
        ParameterSet profile,
        long bornNanos,
        long lifetimeNanos,
        long idleNanos)
        implements LogSubject {
    /** PostgreSQL's process ID. */
    public int pid() {
        return cancelKey.processId();
    }

    /** How long it has been there, for log lines. */
    public String age() {
        return LogDuration.text(System.nanoTime() - bornNanos);
    }

    /** Where it is, for log lines that say its pid themselves. */
    public LogPool where() {
        return new LogPool(pool);
    }

    @Override
    public boolean isKnown() {
        return true;
    }

    @Override
    public String toString() {
        return "[" + pool + "] pid=" + pid();
    }
}
