package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.WireClient;

import java.time.Duration;
import java.util.List;

/**
 * One session: what is asked, and the whole answer compared with what should come. A message that
 * nobody asked for, a ParameterStatus say, is a wrong answer as well. Threads: confined to the
 * client's thread.
 */
final class Dialogue implements AutoCloseable {
    private final WireClient client;

    Dialogue(WireClient client) {
        this.client = client;
    }

    WireClient client() {
        return client;
    }

    void send(byte[]... messages) {
        client.send(messages);
    }

    Message read() {
        return client.read();
    }

    /** Sends a Query and compares the answer. */
    void ask(String sql, List<String> expected) {
        send(Frontend.query(sql));
        expect(sql, expected);
    }

    void ask(String sql, String... expected) {
        ask(sql, List.of(expected));
    }

    /** Sends a command and compares tag and transaction status. */
    void command(String sql, String tag, char status) {
        ask(sql, "C " + tag, "Z " + status);
    }

    /** Reads up to ReadyForQuery and compares. */
    void expect(String what, List<String> expected) {
        Expect.messages(what, expected, client.readUntilReady());
    }

    /** The one column of the one row of {@code sql}, which cannot be foretold. */
    String value(String sql, String column, char status) {
        send(Frontend.query(sql));
        List<Message> answer = client.readUntilReady();
        String value =
                answer.size() > 1 && answer.get(1).type() == 'D'
                        ? answer.get(1).columns()[0]
                        : "(a value)";
        Expect.messages(sql, Lines.row(column, value, "SELECT 1", status), answer);
        return value;
    }

    String backendPid(char status) {
        return value("SELECT pg_backend_pid() AS pid", "pid", status);
    }

    /** Checks that the server is the one with {@code pid}. */
    void sameBackend(String pid, char status) {
        ask("SELECT pg_backend_pid() AS pid", Lines.row("pid", pid, "SELECT 1", status));
    }

    void silent(Duration pause) {
        if (!client.isSilentFor(pause)) {
            throw new WrongAnswerException(
                    "nothing asked: expected nothing, came <%s>"
                            .formatted(Lines.of(client.read())));
        }
    }

    /** Ends the session; nothing may come but the end. */
    void leave() {
        send(Frontend.terminate());
        Expect.equal("after Terminate", List.of(Message.END), client.readUntilEnd());
    }

    @Override
    public void close() {
        client.close();
    }
}
