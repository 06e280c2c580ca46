package io.pgdoorman.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

class WireClientIT {
    private static final PostgresServer SERVER = PostgresServer.shared();

    @ParameterizedTest
    @ValueSource(strings = {"postgres", "md5_user", "scram_user", "password_user"})
    void logsInByEachMethod(String user) {
        try (var client = WireClient.connect(SERVER.address())) {
            List<Message> answer = client.tryLogin(user, PostgresServer.PASSWORD, "postgres");

            assertThat(answer.getLast()).isEqualTo(new Message('Z', new byte[] {'I'}));
            assertThat(client.parameters()).containsEntry("server_encoding", "UTF8");
        }
    }

    @Test
    void reportsTheErrorOfAWrongPassword() {
        try (var client = WireClient.connect(SERVER.address())) {
            List<Message> answer = client.tryLogin("scram_user", "wrong", "postgres");

            assertThat(answer.getLast().sqlState()).isEqualTo("28P01");
        }
    }

    @Test
    void readsOverAUnixSocketInPieces() {
        try (var client = WireClient.connect(SERVER.unixAddress()).pieces(1)) {
            client.login("postgres", "postgres");

            assertThat(client.queryValue("SELECT 6 * 7")).isEqualTo("42");
        }
    }

    @Test
    void seesTheEndAfterTerminate() {
        try (var client = WireClient.connect(SERVER.address())) {
            client.login("postgres", "postgres");

            List<Message> answer = client.send(Frontend.terminate()).readUntilEnd();

            assertThat(answer).containsExactly(Message.END);
        }
    }
}
