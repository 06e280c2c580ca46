package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import io.pgdoorman.testing.DeafSocket;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;

/** A client whose machine is gone in the middle of a transaction: its kernel drops all it gets. */
class DeadPeerIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int BUFFER_BYTES = 8 << 10;
    private static final int READY_BYTES = 6;

    @BeforeAll
    static void requirements() {
        Requirement.packagedProgram();
        Epoll.ensureAvailability();
    }

    @Test
    void itsServerIsForOthersAgain() throws IOException {
        try (var pooler =
                        PoolerProcess.builder()
                                .general("tcp_user_timeout", "1")
                                .pool("dead", SERVER, "postgres", "transaction", 1)
                                .start();
                var waiting = pooler.client().login(PostgresServer.APP, "dead")) {
            Socket gone = Socket.newSocketStream();
            try {
                gone.connect(pooler.address());
                send(
                        gone,
                        Frontend.startup(
                                Frontend.PROTOCOL_3_0,
                                Map.of("user", PostgresServer.APP, "database", "dead")));
                awaitReady(gone, 'I');
                send(gone, Frontend.query("BEGIN"));
                awaitReady(gone, 'T');
                waiting.send(Frontend.query("SELECT 1"));

                DeafSocket.deafen(gone);
                send(gone, Frontend.query("SELECT 2"));

                assertThat(waiting.limit(LIMIT).readUntilReady()).hasSize(4);
                await().atMost(LIMIT)
                        .untilAsserted(
                                () ->
                                        assertThat(pooler.log())
                                                .containsPattern(
                                                        "WARN .*@dead #c\\d+] client .*"
                                                                + " disconnected with error: it"
                                                                + " acknowledges nothing"));
            } finally {
                gone.close();
            }
        }
    }

    private static void send(Socket socket, byte[] message) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(message.length).put(message);
        assertThat(socket.write(bytes, 0, message.length)).isEqualTo(message.length);
    }

    /** Reads up to a ReadyForQuery with this status, which ends what comes. */
    private static void awaitReady(Socket socket, char status) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(BUFFER_BYTES);
        await().atMost(LIMIT)
                .until(
                        () -> {
                            int end = bytes.position();
                            int read = Math.max(0, socket.read(bytes, end, BUFFER_BYTES));
                            bytes.position(end + read);
                            return bytes.position() >= READY_BYTES && endsReady(bytes, status);
                        });
    }

    private static boolean endsReady(ByteBuffer bytes, char status) {
        int end = bytes.position();
        return bytes.get(end - READY_BYTES) == 'Z' && bytes.get(end - 1) == status;
    }
}
