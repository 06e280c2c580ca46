package io.pgdoorman.differential;

import io.pgdoorman.differential.Sequence.Send;
import io.pgdoorman.differential.Sequence.Step;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.WireClient;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The language sequences are written in. Threads: immutable steps. */
final class Steps {
    private Steps() {}

    // What a client sends

    static Send query(String sql) {
        return new Send(Frontend.query(sql));
    }

    static Send parse(String statement, String sql, int... types) {
        return new Send(Frontend.parse(statement, sql, types));
    }

    static Send parse(String sql) {
        return parse("", sql);
    }

    static Send bind(String portal, String statement, @Nullable String... values) {
        return new Send(Frontend.bind(portal, statement, values));
    }

    static Send bind() {
        return bind("", "");
    }

    static Send bindBinary(byte[]... values) {
        return new Send(Frontend.bindBinary("", "", values));
    }

    static Send describe() {
        return describePortal("");
    }

    static Send describePortal(String name) {
        return new Send(Frontend.describePortal(name));
    }

    static Send describeStatement(String name) {
        return new Send(Frontend.describeStatement(name));
    }

    static Send execute() {
        return execute("", 0);
    }

    static Send execute(String portal, int maxRows) {
        return new Send(Frontend.execute(portal, maxRows));
    }

    static Send closePortal(String name) {
        return new Send(Frontend.closePortal(name));
    }

    static Send closeStatement(String name) {
        return new Send(Frontend.closeStatement(name));
    }

    static Send sync() {
        return new Send(Frontend.sync());
    }

    static Send flush() {
        return new Send(Frontend.flush());
    }

    static Send copyData(String data) {
        return new Send(Frontend.copyData(data));
    }

    static Send copyData(byte[] data) {
        return new Send(Frontend.copyData(data));
    }

    static Send copyDone() {
        return new Send(Frontend.copyDone());
    }

    static Send copyFail(String reason) {
        return new Send(Frontend.copyFail(reason));
    }

    static Send functionCall(int function, byte[]... arguments) {
        return new Send(Frontend.functionCall(function, arguments));
    }

    static Send terminate() {
        return new Send(Frontend.terminate());
    }

    /** Parse, Bind, Describe and Execute of the unnamed statement, without Sync. */
    static Send run(String sql, @Nullable String... values) {
        return all(parse(sql), bind("", "", values), describe(), execute());
    }

    static Send all(Send... sends) {
        return new Send(Frontend.concat(Arrays.stream(sends).map(Send::bytes).toList()));
    }

    static Send times(int count, Send send) {
        return all(IntStream.range(0, count).mapToObj(_ -> send).toArray(Send[]::new));
    }

    /** Any bytes. */
    static Send bytes(byte... raw) {
        return new Send(raw);
    }

    static Send message(char type, byte... body) {
        return new Send(Frontend.message(type, body));
    }

    // How far it reads

    static Step ready() {
        return until('Z');
    }

    static Step ready(int times) {
        return stage -> {
            for (int i = 0; i < times; i++) {
                stage.record(stage.client().readUntilReady());
            }
        };
    }

    /** Reads up to and with the first message of {@code type}. */
    static Step until(char type) {
        return stage -> stage.record(stage.client().readUntil(type));
    }

    /** Reads up to the {@code times}th message of {@code type}. */
    static Step until(char type, int times) {
        return stage -> {
            for (int i = 0; i < times; i++) {
                stage.record(stage.client().readUntil(type));
            }
        };
    }

    /** Reads until the connection is closed. */
    static Step end() {
        return until(Message.END.type());
    }

    /** Reads one byte, as after an SSLRequest. */
    static Step oneByte() {
        return stage -> stage.note("byte " + (char) stage.client().readByte());
    }

    // Connections

    /** From here on the client called {@code client} acts; the first is called a. */
    static Step as(String client) {
        return stage -> stage.act(client);
    }

    /** Logs in with startup parameters, names and values in turn, and records the answer. */
    static Step login(String... parameters) {
        return stage -> stage.login(Frontend.PROTOCOL_3_0, parameters);
    }

    static Step loginWith(int version, String... parameters) {
        return stage -> stage.login(version, parameters);
    }

    /** Connects and sends nothing yet. */
    static Step connect() {
        return Stage::connect;
    }

    /** Sends a startup packet on the open connection and records the answer. */
    static Step startup(int version, String... parameters) {
        return stage -> {
            WireClient client = stage.client();
            String user = io.pgdoorman.testing.PostgresServer.APP;
            stage.recordLogin(
                    client.tryLogin(version, user, "", stage.target().database(), parameters));
        };
    }

    /** Writes everything from here on in pieces of {@code bytes}. */
    static Step pieces(int bytes) {
        return stage -> stage.client().pieces(bytes);
    }

    static Step halfClose() {
        return stage -> stage.client().halfClose();
    }

    /** Closes without Terminate. */
    static Step drop() {
        return stage -> stage.remove().close();
    }

    /** Closes with a TCP reset. */
    static Step reset() {
        return stage -> stage.remove().reset();
    }

    /** Sends a CancelRequest for {@code client} on a connection of its own. */
    static Step cancel(String client) {
        return stage -> sendCancel(stage, client, false);
    }

    /** As {@link #cancel}, on a connection whose SSLRequest was answered with N. */
    static Step cancelAfterSslRequest(String client) {
        return stage -> sendCancel(stage, client, true);
    }

    private static void sendCancel(Stage stage, String name, boolean sslFirst) {
        WireClient victim = stage.client(name);
        try (var canceller = stage.open()) {
            if (sslFirst) {
                stage.note("byte " + (char) canceller.send(Frontend.sslRequest()).readByte());
            }
            canceller.send(Frontend.cancelRequest(victim.processId(), victim.secret()));
            List<Message> answer = canceller.readUntilEnd();
            stage.note("cancel connection got " + answer);
        }
    }

    /** Waits until PostgreSQL runs a query whose text contains {@code text}. */
    static Step awaitRunning(String text) {
        return _ -> Database.awaitRunning(text);
    }

    /** Waits until PostgreSQL runs no query whose text contains {@code text}. */
    static Step awaitGone(String text) {
        return _ -> Database.awaitGone(text);
    }
}
