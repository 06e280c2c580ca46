package io.pgdoorman.lookup;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.AuthQueryConfig;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.ServerTlsConfig;
import io.pgdoorman.secret.SecretOrigin;
import io.pgdoorman.secret.Secrets;

import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

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

    private static final String ROLES =
            """
            WITH RECURSIVE own (id) AS (
                SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ?
                UNION
                SELECT roleid FROM pg_catalog.pg_auth_members JOIN own ON member = id
            )
            SELECT rolname FROM own JOIN pg_catalog.pg_roles ON oid = id
            """;

    /** The driver's: the connection is closed, or just broke. */
    private static final Set<String> LOST = Set.of("08003", "08006");

    /** PostgreSQL's, of a session that it ends. */
    private static final String SHUTDOWN = "57P";

    private static final String STARTUP_PARAMETERS = "startup_parameters";

    private final AuthQueryConfig config;
    private final JdbcQuery.Converted query;
    private final HikariConfig settings;

    // guarded by this
    private @Nullable HikariDataSource connections;
    private boolean closed;

    LookupDatabase(PoolConfig pool, AuthQueryConfig config, Secrets secrets) {
        this.config = config;
        this.query = JdbcQuery.convert(config.query());
        this.settings = settings(pool, config, secrets);
    }

    private static HikariConfig settings(PoolConfig pool, AuthQueryConfig config, Secrets secrets) {
        var hikari = new HikariConfig();
        hikari.setPoolName("auth_query-" + pool.name().replace(':', '_'));
        hikari.setDataSource(driver(pool, config, secrets));
        hikari.setMaximumPoolSize(config.workers());
        hikari.setMinimumIdle(0);
        hikari.setInitializationFailTimeout(-1);
        hikari.setConnectionTimeout(CONNECT.toMillis());
        hikari.setIdleTimeout(IDLE.toMillis());
        hikari.setConnectionInitSql("SET statement_timeout = " + STATEMENT.toMillis());
        hikari.setThreadFactory(
                task -> Thread.ofPlatform().daemon().name("pooler-auth-query").unstarted(task));
        return hikari;
    }

    private static PGSimpleDataSource driver(
            PoolConfig pool, AuthQueryConfig config, Secrets secrets) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (pool.serverIsUnixSocket()) {
            settings.put("PGHOST", "localhost");
            settings.put("sslmode", "disable");
            settings.put("gssEncMode", "disable");
            settings.put("socketFactory", UnixSocketFactory.class.getName());
            settings.put("socketFactoryArg", pool.serverHost() + "/.s.PGSQL." + pool.serverPort());
        } else {
            ServerTlsConfig tls = pool.serverTls();
            settings.put("PGHOST", pool.serverHost());
            settings.put(
                    "sslmode",
                    tls.effectiveMode().name().toLowerCase(Locale.ROOT).replace('_', '-'));
            settings.put("sslNegotiation", tls.negotiation().name().toLowerCase(Locale.ROOT));
            settings.put("sslfactory", LookupTls.class.getName());
            settings.put("sslfactoryarg", LookupTls.argument(tls));
            tls.caCert()
                    .filter(_ -> tls.verifies())
                    .ifPresent(file -> settings.put("sslrootcert", file.toString()));
            tls.certificate().ifPresent(file -> settings.put("sslcert", file.toString()));
            tls.privateKey().ifPresent(file -> settings.put("sslkey", file.toString()));
        }
        settings.put("PGPORT", String.valueOf(pool.serverPort()));
        settings.put("PGDBNAME", config.database());
        settings.put("ApplicationName", "pg_doorman auth_query");
        settings.put("connectTimeout", String.valueOf(CONNECT.toSeconds()));
        settings.put("loginTimeout", String.valueOf(CONNECT.toSeconds()));
        settings.put("socketTimeout", String.valueOf(SOCKET.toSeconds()));
        settings.put("maxResultBuffer", MAX_RESULT);
        // As the query has it: PostgreSQL decides what type $1 is.
        settings.put("stringtype", "unspecified");
        settings.put("prepareThreshold", "0"); // it may be a pooler that answers
        PGSimpleDataSource source = source(pool, config, secrets);
        try {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                source.setProperty(setting.getKey(), setting.getValue());
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e); // a property the driver does not know
        }
        return source;
    }

    private static PGSimpleDataSource source(
            PoolConfig pool, AuthQueryConfig config, Secrets secrets) {
        if (config.passwordFrom().isPresent()) {
            SecretOrigin origin =
                    SecretOrigin.of(
                            config.passwordFrom().get(),
                            pool.serverHost(),
                            pool.serverPort(),
                            config.database(),
                            config.user());
            return new LookupDataSource(secrets, origin, config.user());
        }
        var source = new PGSimpleDataSource();
        source.setUser(config.user());
        source.setPassword(config.password().reveal());
        return source;
    }

    @Override
    public Optional<LookedUpUser> fetch(String user) throws LookupException {
        return ask(connection -> fetch(connection, user));
    }

    private Optional<LookedUpUser> fetch(Connection connection, String user)
            throws SQLException, LookupException {
        try (PreparedStatement statement = connection.prepareStatement(query.text())) {
            statement.setMaxRows(2);
            for (int i = 1; i <= query.parameters(); i++) {
                statement.setString(i, user);
            }
            try (ResultSet rows = statement.executeQuery()) {
                return user(rows);
            }
        }
    }

    /**
     * The roles that a user is a member of, directly or not, itself among them; none if there is no
     * such role. As PostgreSQL's rules see it, superusers are not members of everything.
     */
    Set<String> rolesOf(String user) throws LookupException {
        return ask(connection -> rolesOf(connection, user));
    }

    private static Set<String> rolesOf(Connection connection, String user) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(ROLES)) {
            statement.setString(1, user);
            var roles = new HashSet<String>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    roles.add(rows.getString(1));
                }
            }
            return roles;
        }
    }

    // ---- connections ----------------------------------------------------------------------------

    /** A question to PostgreSQL. */
    @FunctionalInterface
    private interface Question<T> {
        T over(Connection connection) throws SQLException, LookupException;
    }

    /**
     * Asks once more if the connection turns out to be lost: HikariCP does not look at one that was
     * used just now, and after a restart of PostgreSQL all of them are lost.
     */
    private <T> T ask(Question<T> question) throws LookupException {
        HikariDataSource pooled = connections();
        try {
            try (Connection connection = pooled.getConnection()) {
                return question.over(connection);
            } catch (SQLException e) {
                if (!isLost(e)) {
                    throw e;
                }
                pooled.getHikariPoolMXBean().softEvictConnections();
            }
            try (Connection connection = pooled.getConnection()) {
                return question.over(connection);
            }
        } catch (SQLException e) {
            throw new LookupException(describe(e), e);
        }
    }

    /** Not one that could not be had, nor one whose answer was waited for in vain. */
    private static boolean isLost(SQLException e) {
        String state = Objects.requireNonNullElse(e.getSQLState(), "");
        return !(e instanceof SQLTransientConnectionException)
                && !(e.getCause() instanceof SocketTimeoutException)
                && (LOST.contains(state) || state.startsWith(SHUTDOWN));
    }

    // ---- what the query returned ----------------------------------------------------------------

    private Optional<LookedUpUser> user(ResultSet rows) throws SQLException, LookupException {
        ResultSetMetaData columns = rows.getMetaData();
        int column = column(columns);
        if (!rows.next()) {
            return Optional.empty();
        }
        String text = rows.getString(column);
        int parameters = named(columns, STARTUP_PARAMETERS);
        String json = parameters == 0 ? null : rows.getString(parameters);
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
                new LookedUpUser(
                        secret instanceof StoredSecret.Plain
                                ? new StoredSecret.Unusable(
                                        "auth_query returned neither an MD5 nor a SCRAM-SHA-256"
                                                + " secret")
                                : secret,
                        json == null ? Map.of() : RowParameters.parse(json)));
    }

    private static int column(ResultSetMetaData columns) throws SQLException, LookupException {
        for (String name : new String[] {"passwd", "password"}) {
            int column = named(columns, name);
            if (column != 0) {
                return column;
            }
        }
        int parameters = named(columns, STARTUP_PARAMETERS);
        if (columns.getColumnCount() == (parameters == 0 ? 1 : 2)) {
            return parameters == 1 ? 2 : 1;
        }
        throw new LookupException(
                "the query returns %d columns, none named passwd or password"
                        .formatted(columns.getColumnCount()));
    }

    /** 0 if there is none. */
    private static int named(ResultSetMetaData columns, String name) throws SQLException {
        for (int i = 1; i <= columns.getColumnCount(); i++) {
            if (columns.getColumnLabel(i).equals(name)) {
                return i;
            }
        }
        return 0;
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
