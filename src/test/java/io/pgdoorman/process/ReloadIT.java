package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.Ports;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/** SIGHUP to the packaged program: what changes, and what nobody notices. */
class ReloadIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String FIRST = SERVER.newDatabase("reload");
    private static final String SECOND = SERVER.newDatabase("reload");

    private PoolerProcess pooler;
    private int reloads;

    @BeforeEach
    void start() {
        Requirement.packagedProgram();
        pooler =
                PoolerProcess.builder()
                        .general("query_wait_timeout", "1000")
                        .pool("app", SERVER, FIRST, "transaction", 3)
                        .pool("other", SERVER, FIRST, "transaction", 2)
                        .start();
    }

    @AfterEach
    void stop() {
        pooler.close();
    }

    @Test
    void anUnchangedFileChangesNothing() throws Exception {
        try (WireClient client = login("app")) {
            String pid = value(client, "SELECT pg_backend_pid()");

            reload(text -> text, "Config unchanged");

            assertThat(value(client, "SELECT pg_backend_pid()")).isEqualTo(pid);
        }
    }

    @Test
    void aBrokenFileChangesNothingAndSaysWhy() throws Exception {
        try (WireClient client = login("app")) {
            reload(
                    text -> text.replace("pool_size = 3", "pool_size = \"many\""),
                    "Config reload rejected");

            assertThat(pooler.log()).contains("pool_size").contains("pg_doorman.toml");
            assertThat(value(client, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void aLargerPoolSizeHelpsThoseWhoWait() throws Exception {
        edit(text -> text.replace("query_wait_timeout = 1000", "query_wait_timeout = 20000"));
        hangUp("Config reloaded");
        List<WireClient> holders = holders("app", 3);
        try (WireClient waiter = login("other")) {
            assertThat(value(waiter, "SELECT 1")).isEqualTo("1");
            WireClient fourth = login("app");
            fourth.send(Frontend.query("SELECT 4"));
            assertThat(fourth.isSilentFor(Duration.ofMillis(100))).isTrue();

            reload(text -> text.replace("pool_size = 3", "pool_size = 4"), "size 3 -> 4");

            assertThat(fourth.readUntilReady().get(1).columns()[0]).isEqualTo("4");
            fourth.close();
        } finally {
            holders.forEach(WireClient::close);
        }
    }

    @Test
    void aSmallerPoolSizeClosesTheSurplus() throws Exception {
        List<WireClient> clients = holders("app", 3);
        try {
            assertThat(SERVER.sessions(FIRST)).isEqualTo(3);

            reload(text -> text.replace("pool_size = 3", "pool_size = 1"), "size 3 -> 1");
            for (WireClient client : clients) {
                assertThat(value(client, "SELECT 1")).as("still in its transaction").isEqualTo("1");
                client.query("COMMIT");
            }

            await().atMost(LIMIT).until(() -> SERVER.sessions(FIRST), sessions -> sessions == 1);
            for (WireClient client : clients) {
                assertThat(value(client, "SELECT 2")).isEqualTo("2");
            }
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    @Test
    void poolsComeAndGo() throws Exception {
        try (WireClient busy = login("other");
                WireClient idle = login("other");
                WireClient bystander = login("app")) {
            busy.query("BEGIN");
            reload(
                    text ->
                            text.replace("[pools.other]", "[pools.fresh]")
                                    .replace("pools.other.users", "pools.fresh.users"),
                    "added");

            assertThat(idle.readUntil('E').getLast().sqlState()).isEqualTo("57P01");
            assertThat(value(busy, "SELECT 5")).as("may end its transaction").isEqualTo("5");
            List<Message> end = busy.send(Frontend.query("COMMIT")).readUntil('E');
            assertThat(end.getFirst().type()).isEqualTo('C');
            assertThat(end.getLast().sqlState()).isEqualTo("57P01");
            assertThat(value(bystander, "SELECT 6")).isEqualTo("6");
            assertThatThrownBy(() -> login("other")).isInstanceOf(RuntimeException.class);
            try (WireClient newcomer = login("fresh")) {
                assertThat(value(newcomer, "SELECT 7")).isEqualTo("7");
            }
        }
    }

    @Test
    void anotherServerDatabaseIsUsedFromTheNextTransactionOn() throws Exception {
        try (WireClient client = login("app");
                WireClient busy = login("app")) {
            assertThat(value(client, "SELECT current_database()")).isEqualTo(FIRST);
            busy.query("BEGIN");

            reload(
                    text ->
                            text.replaceFirst(
                                    "server_database = \"%s\"".formatted(FIRST),
                                    "server_database = \"%s\"".formatted(SECOND)),
                    "servers are made anew");

            assertThat(value(client, "SELECT current_database()")).isEqualTo(SECOND);
            assertThat(value(busy, "SELECT current_database()")).isEqualTo(FIRST);
            busy.query("COMMIT");
            assertThat(value(busy, "SELECT current_database()")).isEqualTo(SECOND);
        }
    }

    @Test
    void aNewPoolModeCountsFromTheNextServerOn() throws Exception {
        try (WireClient client = login("app")) {
            client.query("SET work_mem = '9MB'");
            reload(
                    text ->
                            text.replaceFirst(
                                    "pool_mode = \"transaction\"", "pool_mode = \"session\""),
                    "sessionMode false -> true");

            client.query("CREATE TEMP TABLE mine (id int)");
            assertThat(value(client, "SELECT count(*) FROM mine")).isEqualTo("0");
        }
    }

    @Test
    void theListeningPortMoves() throws Exception {
        int port = Ports.free();
        try (WireClient before = login("app")) {
            reload(
                    text -> text.replace("port = " + pooler.port() + "\n", "port = " + port + "\n"),
                    "no longer listening on 127.0.0.1:" + pooler.port());

            assertThat(value(before, "SELECT 1")).isEqualTo("1");
            assertThatThrownBy(() -> new Socket("127.0.0.1", pooler.port()).close())
                    .isInstanceOf(IOException.class);
            try (WireClient after =
                    WireClient.connect(new InetSocketAddress("127.0.0.1", port))
                            .login(PostgresServer.APP, "app")) {
                assertThat(value(after, "SELECT 2")).isEqualTo("2");
            }
        }
    }

    @Test
    void aPortThatIsTakenChangesNothing() throws Exception {
        try (var taken = new java.net.ServerSocket(0, 1, pooler.address().getAddress());
                WireClient client = login("app")) {
            reload(
                    text ->
                            text.replace(
                                            "port = " + pooler.port() + "\n",
                                            "port = " + taken.getLocalPort() + "\n")
                                    .replace("pool_size = 3", "pool_size = 4"),
                    "Config reload rejected: general.host/port");

            assertThat(pooler.log()).doesNotContain("size 3 -> 4");
            assertThat(value(client, "SELECT 1")).isEqualTo("1");
            login("app").close();
        }
    }

    @Test
    void newRulesCountForTheNextLogin() throws Exception {
        try (WireClient before = login("app")) {
            reload(
                    text ->
                            text.replace(
                                    "host all all 127.0.0.1/32 trust", "host all all all reject"),
                    "pg_hba: new rules");

            assertThat(value(before, "SELECT 1")).isEqualTo("1");
            assertThatThrownBy(() -> login("app")).isInstanceOf(RuntimeException.class);
        }
    }

    @Test
    void namesWhatNeedsANewProcess() throws Exception {
        reload(
                text -> text.replace("worker_threads = 2", "worker_threads = 3"),
                "in effect at the next upgrade (SIGUSR2) or start: general.worker_threads: 2 -> 3");
    }

    @Test
    void nobodyNoticesManyReloadsUnderLoad() throws Exception {
        var stop = new AtomicBoolean();
        List<CompletableFuture<Integer>> loads = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            WireClient client = login(i % 2 == 0 ? "app" : "other");
            loads.add(
                    CompletableFuture.supplyAsync(
                            () -> work(client, stop), task -> new Thread(task).start()));
        }
        for (int i = 0; i < 30; i++) {
            int size = 2 + i % 3;
            reload(text -> text.replaceFirst("pool_size = \\d", "pool_size = " + size), "Config");
        }
        stop.set(true);

        for (CompletableFuture<Integer> load : loads) {
            assertThat(load.join()).isPositive();
        }
    }

    private static int work(WireClient client, AtomicBoolean stop) {
        int done = 0;
        try (client) {
            while (!stop.get()) {
                String sent = Integer.toString(done);
                String got = value(client, "SELECT " + sent);
                if (!got.equals(sent)) {
                    throw new AssertionError("sent " + sent + ", got " + got);
                }
                done++;
            }
        }
        return done;
    }

    private List<WireClient> holders(String pool, int count) {
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            WireClient client = login(pool);
            client.query("BEGIN");
            client.query("SELECT 1");
            clients.add(client);
        }
        return clients;
    }

    private WireClient login(String pool) {
        return pooler.client().login(PostgresServer.APP, pool);
    }

    private static String value(WireClient client, String sql) {
        return client.query(sql).get(1).columns()[0];
    }

    private void edit(UnaryOperator<String> change) throws IOException {
        Path file = pooler.configuration();
        Path next = file.resolveSibling("next.toml");
        Files.writeString(next, change.apply(Files.readString(file)));
        Files.move(
                next,
                file,
                java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    /** Changes the file, sends SIGHUP, and waits for the end of the reload and a line of it. */
    private void reload(UnaryOperator<String> change, String line) throws IOException {
        edit(change);
        hangUp(line);
    }

    private void hangUp(String line) {
        int before = pooler.log().length();
        pooler.signal("HUP");
        reloads++;
        Callable<Boolean> over =
                () -> {
                    String log = pooler.log().substring(before);
                    return log.contains(line)
                            && (log.contains("Config unchanged")
                                    || log.contains("Config reloaded")
                                    || log.contains("Config reload rejected"));
                };
        await("reload " + reloads + ": " + line).atMost(LIMIT).until(over);
    }
}
