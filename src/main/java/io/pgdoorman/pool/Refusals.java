package io.pgdoorman.pool;

import io.pgdoorman.backend.LoginFailure;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

/**
 * What clients are told when they get no server. Severity is ERROR: the session goes on, the next
 * statement may have more luck.
 */
final class Refusals {
    private Refusals() {}

    static ErrorResponse waitedTooLong(Pool pool) {
        LoginFailure failure = pool.lastFailure();
        if (failure != null) {
            return loginFailed(failure);
        }
        Coordinator coordinator = pool.coordinator();
        String detail =
                coordinator.isEnabled() && !pool.isFull()
                        ? coordinator.describe(pool.database(), pool.user())
                        : "Timeout occurred while waiting free connection from pool (query_wait_timeout)";
        return ErrorResponse.of(
                        Severity.ERROR,
                        SqlState.TOO_MANY_CONNECTIONS,
                        "Could not get a database connection from the pool. All servers may be busy or"
                                + " down. Error details: "
                                + detail
                                + ". Please try again later.")
                .withDetail(
                        "Pool %s has %d of %d servers open."
                                .formatted(pool.name(), pool.open(), pool.settings().size()));
    }

    /** PostgreSQL's own words, if it had any; a failed login ends no session of ours. */
    static ErrorResponse loginFailed(LoginFailure failure) {
        return failure.error().withSeverity(Severity.ERROR);
    }

    static ErrorResponse poolClosed(Pool pool) {
        return ErrorResponse.of(
                Severity.ERROR,
                SqlState.ADMIN_SHUTDOWN,
                "the pool of database \"%s\" and user \"%s\" was closed"
                        .formatted(pool.database(), pool.user()));
    }
}
