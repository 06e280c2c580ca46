package io.pgdoorman.differential;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.WireClient;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The clients of one sequence that is being played. Threads: confined to the test's thread. */
final class Stage implements AutoCloseable {
    private final Target target;
    private final Map<String, WireClient> clients = new LinkedHashMap<>();
    private final Transcript transcript = new Transcript();
    private String current = "a";

    Stage(Target target) {
        this.target = target;
    }

    Transcript transcript() {
        return transcript;
    }

    /** The client that acts now; it logs in when it first does, and nobody records that. */
    WireClient client() {
        return clients.computeIfAbsent(
                current, _ -> open().login(PostgresServer.APP, target.database()));
    }

    WireClient client(String name) {
        WireClient client = clients.get(name);
        if (client == null) {
            throw new IllegalStateException("no client " + name);
        }
        return client;
    }

    void act(String name) {
        current = name;
    }

    /** Connects the current client without a login. */
    WireClient connect() {
        WireClient client = open();
        WireClient earlier = clients.put(current, client);
        if (earlier != null) {
            earlier.close();
        }
        return client;
    }

    /** Logs the current client in and records what it is told. */
    void login(int version, String... parameters) {
        recordLogin(
                connect().tryLogin(version, PostgresServer.APP, "", target.database(), parameters));
    }

    void recordLogin(List<Message> messages) {
        transcript.login(current, messages);
    }

    void record(List<Message> messages) {
        messages.forEach(message -> transcript.message(current, message));
    }

    void note(String line) {
        transcript.note(current, line);
    }

    WireClient open() {
        return WireClient.connect(target.address());
    }

    Target target() {
        return target;
    }

    /** Forgets the current client; its connection is left to the caller. */
    WireClient remove() {
        WireClient client = client();
        clients.remove(current);
        return client;
    }

    @Override
    public void close() {
        clients.values().forEach(WireClient::close);
    }
}
