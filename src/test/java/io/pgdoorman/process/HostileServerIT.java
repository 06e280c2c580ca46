package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireServer;
import io.pgdoorman.testing.WireServer.Peer;
import io.pgdoorman.testing.WireServer.Script;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A server that fails in any phase: its client gets an error or is closed in time, others do not
 * notice, and no connection to the server stays open.
 */
class HostileServerIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration LIMIT = Duration.ofSeconds(8);
    private static final Map<String, WireServer> SERVERS = new LinkedHashMap<>();
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        var builder =
                PoolerProcess.builder()
                        .general("connect_timeout", "\"1500ms\"")
                        .general("query_wait_timeout", "\"2s\"")
                        .pool("good", SERVER, "postgres", "transaction", 1);
        loginFaults().forEach((name, fault) -> addPool(builder, name, fault.script()));
        queryFaults().forEach((name, script) -> addPool(builder, name, script));
        pooler = builder.start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        SERVERS.values().forEach(WireServer::close);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("loginFaultArguments")
    void clientLearnsThatNoServerCanBeHad(String pool, String sqlState) {
        try (var bystander = new Bystander(pooler, "good");
                var client = pooler.client().limit(LIMIT)) {
            List<Message> answer = client.tryLogin(PostgresServer.APP, "", pool);
            if (answer.getLast().type() == 'Z') {
                answer = client.query("SELECT 1");
            }

            assertThat(answer)
                    .filteredOn(message -> message.type() == 'E')
                    .extracting(Message::sqlState)
                    .as(answer.toString())
                    .hasSize(1)
                    .allMatch(state -> sqlState.isEmpty() || state.equals(sqlState));
            assertThat(bystander.works()).isTrue();
        }
        assertLetGo(pool);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("queryFaultArguments")
    void clientIsToldOrClosedInTime(String pool) {
        try (var bystander = new Bystander(pooler, "good");
                var client = pooler.client().limit(LIMIT)) {
            client.login(PostgresServer.APP, pool);

            List<Message> answer = client.send(Frontend.query("SELECT 1")).readUntil('E');

            assertThat(answer.getLast())
                    .as(answer.toString())
                    .matches(message -> message.type() == 'E' || message.isEnd());
            assertThat(bystander.works()).isTrue();
        }
        assertLetGo(pool);
    }

    static Stream<Arguments> loginFaultArguments() {
        return Stream.concat(
                Stream.of(arguments("nobody_listens", "")),
                loginFaults().entrySet().stream()
                        .map(fault -> arguments(fault.getKey(), fault.getValue().sqlState())));
    }

    static Stream<String> queryFaultArguments() {
        return queryFaults().keySet().stream();
    }

    private static void assertLetGo(String pool) {
        assertThat(pooler.isAlive()).isTrue();
        WireServer server = SERVERS.get(pool);
        if (server != null) {
            await("connections to the server end")
                    .atMost(LIMIT)
                    .untilAsserted(() -> assertThat(server.open()).isZero());
        }
    }

    /** What a server does instead of a login, and the SQLSTATE its client gets, if it is fixed. */
    private record LoginFault(String sqlState, Script script) {}

    private static Map<String, LoginFault> loginFaults() {
        var faults = new LinkedHashMap<String, LoginFault>();
        faults.put("closes_at_once", new LoginFault("", Peer::close));
        faults.put("resets_at_once", new LoginFault("", Peer::reset));
        faults.put("says_nothing", new LoginFault("", _ -> {}));
        faults.put("reads_and_says_nothing", new LoginFault("", Peer::readStartup));
        faults.put(
                "closes_after_startup", new LoginFault("", after(Peer::readStartup, Peer::close)));
        faults.put(
                "random_bytes",
                new LoginFault("", after(Peer::readStartup, HostileServerIT::sendRandom)));
        faults.put(
                "an_http_server",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer ->
                                        peer.send(
                                                "HTTP/1.1 400 Bad Request\r\n\r\n"
                                                        .getBytes(StandardCharsets.US_ASCII)))));
        faults.put(
                "unknown_authentication",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer ->
                                        peer.send(
                                                Frontend.message(
                                                        'R', (byte) 0, (byte) 0, (byte) 0,
                                                        (byte) 99)))));
        faults.put(
                "authentication_cut_short",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer -> peer.send(Frontend.message('R', (byte) 0)))));
        faults.put(
                "sasl_without_mechanism",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer ->
                                        peer.send(
                                                Frontend.message(
                                                        'R', (byte) 0, (byte) 0, (byte) 0,
                                                        (byte) 10, (byte) 0)))));
        faults.put(
                "password_wanted",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer ->
                                        peer.send(
                                                Frontend.message(
                                                        'R', (byte) 0, (byte) 0, (byte) 0,
                                                        (byte) 3)))));
        faults.put(
                "negative_length",
                new LoginFault(
                        "", after(Peer::readStartup, peer -> peer.send(Frontend.header('R', -1)))));
        faults.put(
                "huge_length",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer -> peer.send(Frontend.header('R', Integer.MAX_VALUE)))));
        faults.put(
                "no_ready",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer -> peer.send(Frontend.message('R', new byte[4])))));
        faults.put(
                "closes_before_ready",
                new LoginFault(
                        "",
                        after(
                                Peer::readStartup,
                                peer -> {
                                    peer.send(Frontend.message('R', new byte[4]));
                                    peer.close();
                                })));
        faults.put(
                "ready_at_once",
                new LoginFault("", after(Peer::readStartup, peer -> peer.send(Peer.ready('I')))));
        faults.put(
                "too_many_clients",
                new LoginFault("53300", failing("53300", "sorry, too many clients already")));
        faults.put(
                "starting_up",
                new LoginFault("57P03", failing("57P03", "the database system is starting up")));
        faults.put(
                "no_database",
                new LoginFault("3D000", failing("3D000", "database \"x\" does not exist")));
        faults.put(
                "wrong_password",
                new LoginFault("28P01", failing("28P01", "password authentication failed")));
        return faults;
    }

    private static Map<String, Script> queryFaults() {
        var faults = new LinkedHashMap<String, Script>();
        faults.put("closes_on_query", inQuery(Peer::close));
        faults.put("resets_on_query", inQuery(Peer::reset));
        faults.put(
                "fatal_on_query",
                inQuery(
                        peer -> {
                            peer.fail(
                                    "57P01", "terminating connection due to administrator command");
                            peer.close();
                        }));
        faults.put(
                "closes_in_a_row",
                inQuery(
                        peer -> {
                            peer.send(Frontend.header('D', 1000), new byte[10]);
                            peer.close();
                        }));
        faults.put(
                "closes_in_a_header",
                inQuery(
                        peer -> {
                            peer.send(new byte[] {'D', 0, 0});
                            peer.close();
                        }));
        faults.put("length_zero", inQuery(peer -> peer.send(Frontend.header('D', 0))));
        faults.put("length_negative", inQuery(peer -> peer.send(Frontend.header('D', -5))));
        faults.put("type_zero", inQuery(peer -> peer.send(new byte[100])));
        faults.put("random_on_query", inQuery(HostileServerIT::sendRandom));
        faults.put(
                "ready_with_bad_status",
                inQuery(peer -> peer.send(Frontend.message('Z', (byte) 'x'))));
        faults.put(
                "ready_too_long", inQuery(peer -> peer.send(Frontend.message('Z', new byte[40]))));
        faults.put(
                "authentication_again",
                inQuery(peer -> peer.send(Frontend.message('R', new byte[4]))));
        return faults;
    }

    private static void addPool(PoolerProcess.Builder builder, String name, Script script) {
        var server = WireServer.start(script);
        SERVERS.put(name, server);
        if (SERVERS.size() == 1) {
            addPool(builder, "nobody_listens", closedPort());
        }
        addPool(builder, name, server.port());
    }

    private static void addPool(PoolerProcess.Builder builder, String name, int port) {
        builder.pool(
                name,
                """
                server_host = "127.0.0.1"
                server_port = %d
                pool_mode = "transaction"
                """
                        .formatted(port),
                PoolerProcess.Builder.user(PostgresServer.APP, 1));
    }

    private static int closedPort() {
        var server = WireServer.start(_ -> {});
        server.close();
        return server.port();
    }

    private static Script after(Script first, Script second) {
        return peer -> {
            first.run(peer);
            second.run(peer);
        };
    }

    private static Script inQuery(Script fault) {
        return peer -> {
            peer.login();
            while (peer.read() != '\0') {
                fault.run(peer);
            }
        };
    }

    private static Script failing(String sqlState, String message) {
        return peer -> {
            peer.readStartup();
            peer.fail(sqlState, message);
            peer.close();
        };
    }

    private static void sendRandom(Peer peer) throws IOException {
        byte[] bytes = new byte[1000];
        new Random(42).nextBytes(bytes);
        peer.send(bytes);
    }
}
