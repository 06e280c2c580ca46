package io.pgdoorman.migrate;

import io.pgdoorman.config.Secret;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Asks a PostgreSQL about itself. Threads: confined to one connection. */
final class ClusterReader {
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private static final String LIMITS =
            "SELECT current_setting('server_version'), current_setting('max_connections')::int,"
                    + " current_setting('superuser_reserved_connections')::int"
                    + " + coalesce(current_setting('reserved_connections', true), '0')::int";

    /** A limit of -2 marks what is left of a failed DROP DATABASE. */
    private static final String DATABASES =
            "SELECT datname, datconnlimit FROM pg_catalog.pg_database"
                    + " WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2"
                    + " ORDER BY datname";

    private static final String ROLES =
            "SELECT rolname, %s, rolsuper, rolconnlimit, coalesce(rolvaliduntil < now(), false)"
                    + " FROM pg_catalog.%s WHERE rolcanlogin ORDER BY rolname";

    private static final String ADMITTED =
            "SELECT d.datname, r.rolname FROM pg_catalog.pg_database d, pg_catalog.pg_roles r"
                    + " WHERE d.datallowconn AND NOT d.datistemplate AND r.rolcanlogin"
                    + " AND pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')";

    private final Statement statement;

    private ClusterReader(Statement statement) {
        this.statement = statement;
    }

    /** Borrows {@code connection}, which must be in no transaction. */
    static Cluster read(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return new ClusterReader(statement).read();
        }
    }

    private Cluster read() throws SQLException {
        String version;
        int maxConnections;
        int reserved;
        try (ResultSet row = statement.executeQuery(LIMITS)) {
            row.next();
            version = text(row, 1);
            maxConnections = row.getInt(2);
            reserved = row.getInt(3);
        }
        List<Cluster.Role> roles;
        boolean readable = true;
        try {
            roles = roles(ROLES.formatted("rolpassword", "pg_authid"));
        } catch (SQLException e) {
            if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                throw e;
            }
            readable = false;
            roles = roles(ROLES.formatted("NULL", "pg_roles"));
        }
        return new Cluster(
                version, maxConnections, reserved, databases(), roles, readable, admitted());
    }

    private List<Cluster.Database> databases() throws SQLException {
        List<Cluster.Database> databases = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(DATABASES)) {
            while (rows.next()) {
                databases.add(new Cluster.Database(text(rows, 1), rows.getInt(2)));
            }
        }
        return databases;
    }

    private List<Cluster.Role> roles(String query) throws SQLException {
        List<Cluster.Role> roles = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                roles.add(
                        new Cluster.Role(
                                text(rows, 1),
                                Optional.ofNullable(rows.getString(2)).map(Secret::of),
                                rows.getBoolean(3),
                                rows.getInt(4),
                                rows.getBoolean(5)));
            }
        }
        return roles;
    }

    private Map<String, Set<String>> admitted() throws SQLException {
        Map<String, Set<String>> admitted = new HashMap<>();
        try (ResultSet rows = statement.executeQuery(ADMITTED)) {
            while (rows.next()) {
                admitted.computeIfAbsent(text(rows, 1), _ -> new TreeSet<>()).add(text(rows, 2));
            }
        }
        return admitted;
    }

    private static String text(ResultSet row, int column) throws SQLException {
        return Objects.requireNonNull(row.getString(column), "the catalog has no null here");
    }
}
