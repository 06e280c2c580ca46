package io.pgdoorman.process.load;

import io.pgdoorman.testing.PostgresServer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The servers of some databases at one moment, as PostgreSQL sees them. Threads: immutable. */
public record ServerSnapshot(Set<Server> servers) {
    /**
     * One server; {@code start} tells it from a later one with the same process id.
     *
     * @param start of its process
     */
    public record Server(String database, int pid, String start) {}

    public ServerSnapshot {
        servers = Set.copyOf(servers);
    }

    /** Sessions of others than the superuser in {@code databases}. */
    static ServerSnapshot of(Connection superuser, Collection<String> databases)
            throws SQLException {
        try (var statement =
                superuser.prepareStatement(
                        "SELECT datname, pid, backend_start FROM pg_stat_activity WHERE"
                                + " backend_type = 'client backend' AND usename <> ? AND datname"
                                + " = ANY (?)")) {
            statement.setString(1, PostgresServer.SUPERUSER);
            statement.setArray(2, superuser.createArrayOf("text", databases.toArray()));
            var servers = new HashSet<Server>();
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    servers.add(new Server(rows.getString(1), rows.getInt(2), rows.getString(3)));
                }
            }
            return new ServerSnapshot(servers);
        }
    }

    /** The servers that were not there {@code before}. */
    public Set<Server> since(ServerSnapshot before) {
        var appeared = new HashSet<>(servers);
        appeared.removeAll(before.servers);
        return appeared;
    }

    /** The servers that are in {@code other}, too. */
    ServerSnapshot alsoIn(ServerSnapshot other) {
        var common = new HashSet<>(servers);
        common.retainAll(other.servers);
        return new ServerSnapshot(common);
    }

    /** Servers by database; a database without servers is missing. */
    public Map<String, Integer> counts() {
        return servers.stream().collect(Collectors.toMap(Server::database, _ -> 1, Integer::sum));
    }
}
