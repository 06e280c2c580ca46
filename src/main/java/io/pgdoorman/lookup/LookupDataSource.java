package io.pgdoorman.lookup;

import io.pgdoorman.config.Secret;
import io.pgdoorman.secret.SecretException;
import io.pgdoorman.secret.SecretOrigin;
import io.pgdoorman.secret.Secrets;

import org.postgresql.ds.PGSimpleDataSource;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Connects with the password as it is at that moment, and asks for it again if PostgreSQL refuses
 * it. Threads: any; blocks.
 */
final class LookupDataSource extends PGSimpleDataSource {
    private static final long serialVersionUID = 1L;
    private static final String ACCESS_REFUSED = "28";

    /** Beyond the longest that a command may run it is the pooler that hangs. */
    private static final long MAX_WAIT_MINUTES = 10;

    private final transient Secrets secrets;
    private final transient SecretOrigin origin;
    private final String role;

    LookupDataSource(Secrets secrets, SecretOrigin origin, String role) {
        this.secrets = secrets;
        this.origin = origin;
        this.role = role;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Secret secret = await(secrets.get(origin));
        try {
            return getConnection(role, secret.reveal());
        } catch (SQLException e) {
            if (e.getSQLState() == null || !e.getSQLState().startsWith(ACCESS_REFUSED)) {
                throw e;
            }
            Secret next = await(secrets.renew(origin, secret));
            if (next.equals(secret)) {
                throw e;
            }
            return getConnection(role, next.reveal());
        }
    }

    private static Secret await(java.util.concurrent.CompletableFuture<Secret> fetched)
            throws SQLException {
        try {
            return fetched.get(MAX_WAIT_MINUTES, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            String why =
                    e.getCause() instanceof SecretException known
                            ? known.getMessage()
                            : "the password is not to be had";
            throw new SQLException(why, e);
        } catch (TimeoutException e) {
            throw new SQLException("the password is not to be had in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted", e);
        }
    }
}
