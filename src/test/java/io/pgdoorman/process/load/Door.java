package io.pgdoorman.process.load;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.WireClient;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Where a client enters, and as whom. Threads: immutable.
 *
 * @param address TCP or a Unix socket
 * @param limit of each wait of a client
 */
record Door(SocketAddress address, String user, String password, String database, Duration limit) {
    /** Two doors to one pool: over TCP and over a Unix socket. */
    record Pair(Door tcp, Door unix) {}

    /** A new connection that has sent nothing. */
    WireClient connect() {
        return WireClient.connect(address).limit(limit);
    }

    Dialogue enter(String... parameters) {
        return enter(connect(), parameters);
    }

    /** Logs in on {@code client}, which is closed when that fails. */
    Dialogue enter(WireClient client, String... parameters) {
        try {
            admitted(client.tryLogin(user, password, database, parameters));
            return new Dialogue(client);
        } catch (RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** Checks the whole answer to a login. */
    static void admitted(List<Message> answer) {
        for (Message message : answer) {
            if ("RSKZ".indexOf(message.type()) < 0) {
                throw new WrongAnswerException(
                        "login: expected to be admitted, came <%s>".formatted(Lines.of(message)));
            }
        }
        Expect.message("end of the login", "Z I", answer.getLast());
    }

    Map<String, String> startup() {
        return Map.of("user", user, "database", database);
    }

    /** For a door over TCP. */
    String jdbcUrl() {
        var tcp = (InetSocketAddress) address;
        return "jdbc:postgresql://%s:%d/%s?sslmode=disable&gssEncMode=disable&socketTimeout=%d"
                .formatted(tcp.getHostString(), tcp.getPort(), database, limit.toSeconds());
    }
}
