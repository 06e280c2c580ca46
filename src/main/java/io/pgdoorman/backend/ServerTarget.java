package io.pgdoorman.backend;

import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.net.SocketSettings;

import java.time.Duration;
import java.util.Map;

/**
 * Where and as whom the servers of one pool log in.
 *
 * <p>Threads: immutable.
 *
 * @param pool {@code user@database}, for log lines and errors
 * @param host name, address, or the directory of a Unix socket when it begins with {@code /}
 * @param database the name sent to PostgreSQL
 * @param user the role sent to PostgreSQL
 * @param applicationName what a server calls itself while no client's name is on it
 * @param startupParameters the operator's: they win over a client's
 * @param connectTimeout from connect to the end of the login
 */
public record ServerTarget(
        String pool,
        String host,
        int port,
        String database,
        String user,
        ServerCredential credential,
        String applicationName,
        Map<String, String> startupParameters,
        Duration connectTimeout,
        SocketSettings sockets,
        ServerTls tls) {
    public ServerTarget {
        startupParameters = Map.copyOf(startupParameters);
    }

    public boolean isUnixSocket() {
        return host.startsWith("/");
    }

    /** For messages: {@code host:port}, or the path of the socket. */
    public String endpoint() {
        return isUnixSocket() ? host + "/.s.PGSQL." + port : host + ":" + port;
    }
}
