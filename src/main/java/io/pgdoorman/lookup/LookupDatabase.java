package io.pgdoorman.lookup;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.AuthQueryConfig;
import io.pgdoorman.config.PoolConfig;

import org.jspecify.annotations.Nullable;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Runs the query of {@code auth_query} over a few connections, opened at the first look-up.
 *
 * <p>Every wait is bounded: for a connection, for the query (PostgreSQL's own statement_timeout,
 * and that of the socket should PostgreSQL not keep it).
 *
 * <p>Threads: any; blocks.
 */
final class LookupDatabase implements UserSource, AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration STATEMENT = Duration.ofSeconds(5);
    private static final Duration SOCKET = Duration.ofSeconds(10);
    private static final Duration IDLE = Duration.ofMinutes(10);

    /** No secret of PostgreSQL is nearly as long. */
    private static final int MAX_SECRET_CHARS = 4096;

    /** A result beyond ends the connection before it fills the memory. */
    private static final String MAX_RESULT = "1M";

    private final AuthQueryConfig config;
    private final JdbcQuery.Converted query;
    private final HikariConfig settings;

    // guarded by this
    private @Nullable HikariDataSource connections;
    private boolean closed;

    LookupDatabase(PoolConfig pool, AuthQueryConfig config) {
        this.config = config;
        this.query = JdbcQuery.convert(config.query());
        this.settings = settings(pool, config);
    }

    private static HikariConfig settings(PoolConfig pool, AuthQueryConfig config) {
        var hikari = new HikariConfig();
        hikari.setPoolName("auth_query-" + pool.name().replace(':', '_'));
        hikari.setDriverClassName("org.postgresql.Driver");
        hikari.setJdbcUrl("jdbc:postgresql:");
        hikari.setUsername(config.user());
        hikari.setPassword(config.password().reveal());
        hikari.setMaximumPoolSize(config.workers());
        hikari.setMinimumIdle(0);
        hikari.setInitializationFailTimeout(-1);
        hikari.setConnectionTimeout(CONNECT.toMillis());
        hikari.setIdleTimeout(IDLE.toMillis());
        hikari.setConnectionInitSql("SET statement_timeout = " + STATEMENT.toMillis());
        hikari.setThreadFactory(
                task -> Thread.ofPlatform().daemon().name("pooler-auth-query").unstarted(task));
        if (pool.serverIsUnixSocket()) {
            hikari.addDataSourceProperty("PGHOST", "localhost");
            hikari.addDataSourceProperty("sslmode", "disable");
            hikari.addDataSourceProperty("gssEncMode", "disable");
            hikari.addDataSourceProperty("socketFactory", UnixSocketFactory.class.getName());
            hikari.addDataSourceProperty(
                    "socketFactoryArg", pool.serverHost() + "/.s.PGSQL." + pool.serverPort());
        } else {
            hikari.addDataSourceProperty("PGHOST", pool.serverHost());
            hikari.addDataSourceProperty(
                    "sslmode",
                    pool.serverTls().mode().name().toLowerCase(Locale.ROOT).replace('_', '-'));
        }
        pool.serverTls()
                .caCert()
                .ifPresent(file -> hikari.addDataSourceProperty("sslrootcert", file.toString()));
        hikari.addDataSourceProperty("PGPORT", String.valueOf(pool.serverPort()));
        hikari.addDataSourceProperty("PGDBNAME", config.database());
        hikari.addDataSourceProperty("ApplicationName", "pg_doorman auth_query");
        hikari.addDataSourceProperty("connectTimeout", String.valueOf(CONNECT.toSeconds()));
        hikari.addDataSourceProperty("loginTimeout", String.valueOf(CONNECT.toSeconds()));
        hikari.addDataSourceProperty("socketTimeout", String.valueOf(SOCKET.toSeconds()));
        hikari.addDataSourceProperty("maxResultBuffer", MAX_RESULT);
        // As the query has it: PostgreSQL decides what type $1 is.
        hikari.addDataSourceProperty("stringtype", "unspecified");
        hikari.addDataSourceProperty("prepareThreshold", "0"); // it may be a pooler that answers
        return hikari;
    }

    @Override
    public Optional<StoredSecret> fetch(String user) throws LookupException {
        try (Connection connection = connections().getConnection();
                PreparedStatement statement = connection.prepareStatement(query.text())) {
            statement.setMaxRows(2);
            for (int i = 1; i <= query.parameters(); i++) {
                statement.setString(i, user);
            }
            try (ResultSet rows = statement.executeQuery()) {
                return secret(rows);
            }
        } catch (SQLException e) {
            throw new LookupException(describe(e), e);
        }
    }

    private Optional<StoredSecret> secret(ResultSet rows) throws SQLException, LookupException {
        int column = column(rows.getMetaData());
        if (!rows.next()) {
            return Optional.empty();
        }
        String text = rows.getString(column);
        if (rows.next()) {
            throw new LookupException("the query returned more than one row");
        }
        if (text == null || text.isEmpty()) {
            return Optional.empty();
        }
        if (text.length() > MAX_SECRET_CHARS) {
            throw new LookupException(
                    "the query returned a secret of %d characters".formatted(text.length()));
        }
        StoredSecret secret = StoredSecret.parse(text);
        return Optional.of(
                secret instanceof StoredSecret.Plain
                        ? new StoredSecret.Unusable(
                                "auth_query returned neither an MD5 nor a SCRAM-SHA-256 secret")
                        : secret);
    }

    private static int column(ResultSetMetaData columns) throws SQLException, LookupException {
        for (String name : new String[] {"passwd", "password"}) {
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                if (columns.getColumnLabel(i).equals(name)) {
                    return i;
                }
            }
        }
        if (columns.getColumnCount() == 1) {
            return 1;
        }
        throw new LookupException(
                "the query returns %d columns, none named passwd or password"
                        .formatted(columns.getColumnCount()));
    }

    /** HikariCP says that it waited in vain; why is in the cause. */
    private String describe(SQLException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return "as %s on database %s: %s"
                .formatted(config.user(), config.database(), cause.getMessage());
    }

    private synchronized HikariDataSource connections() throws LookupException {
        if (closed) {
            throw new LookupException("the configuration of auth_query has changed");
        }
        HikariDataSource present = connections;
        if (present == null) {
            present = new HikariDataSource(settings);
            connections = present;
        }
        return present;
    }

    @Override
    public void close() {
        HikariDataSource present;
        synchronized (this) {
            closed = true;
            present = connections;
            connections = null;
        }
        if (present != null) {
            present.close();
        }
    }
}
