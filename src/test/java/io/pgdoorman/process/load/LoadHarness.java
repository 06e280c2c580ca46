package io.pgdoorman.process.load;

import io.pgdoorman.session.CloseReason;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.Deadline;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.TlsTunnel;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The packaged program with the pools of a mix of clients, and the clients. {@link #run} lets them
 * work while something disturbs them and tells what came of it. Threads: confined to the test's
 * thread, but for {@link #report}.
 */
public final class LoadHarness implements AutoCloseable {
    /** Far above any wait that goes well, also on a slow machine. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final Duration END_LIMIT = Duration.ofSeconds(60);
    private static final int SHOWN_LOG_LINES = 40;

    private final PostgresServer server;
    private final Map<ClientKind, Integer> mix;
    private final long seed;
    private final Map<String, Integer> limits = new TreeMap<>();
    private final PoolerProcess pooler;
    private final Queue<Fault> faults = new ConcurrentLinkedQueue<>();
    private final Optional<TlsTunnel> tunnel;
    private final CountDownLatch anyFault = new CountDownLatch(1);

    /**
     * Starts the program.
     *
     * @param mix clients by kind
     * @param seed of what the clients choose at random
     */
    public LoadHarness(PostgresServer server, Map<ClientKind, Integer> mix, long seed) {
        this(server, mix, seed, Optional.empty());
    }

    /**
     * Starts the program.
     *
     * @param certificates where those of the program are to be put; then connections by TCP are
     *     encrypted on both sides, which {@code server} has to be ready for
     */
    public LoadHarness(
            PostgresServer server,
            Map<ClientKind, Integer> mix,
            long seed,
            Optional<Path> certificates) {
        this.server = server;
        this.mix = new EnumMap<>(mix);
        this.seed = seed;
        var builder =
                PoolerProcess.builder()
                        .hba(LoadPool.hba())
                        .general("query_wait_timeout", "20000")
                        .general("log_client_disconnections", "true")
                        .general("log_slow_checkouts", "0"); // they wait, and that is no fault
        certificates.ifPresent(directory -> encrypt(builder, directory));
        for (LoadPool pool : LoadPool.values()) {
            int size = pool.size(mix);
            if (size > 0) {
                String database = pool.createDatabase(server);
                limits.put(database, size);
                pool.configure(builder, server, database, size);
            }
        }
        pooler = builder.start();
        tunnel = certificates.map(_ -> TlsTunnel.to(pooler.address()));
    }

    private static void encrypt(PoolerProcess.Builder builder, Path directory) {
        builder.general("tls_certificate", file("server.crt", directory))
                .general("tls_private_key", file("server.key", directory))
                .general("server_tls_mode", "\"verify-ca\"")
                .general("server_tls_ca_cert", file("ca.crt", directory));
    }

    private static String file(String name, Path directory) {
        return "\"" + Certificates.copy(name, directory) + "\"";
    }

    public PoolerProcess pooler() {
        return pooler;
    }

    /** The servers of all pools. */
    public ServerSnapshot servers() {
        try (var superuser = server.connect("postgres")) {
            return ServerSnapshot.of(superuser, limits.keySet());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reports a fault. Threads: any. */
    public void report(Fault fault) {
        faults.add(fault);
        anyFault.countDown();
    }

    /** Lets the clients work for {@code duration}; false as soon as there is a fault. */
    public boolean workFor(Duration duration) {
        try {
            return !anyFault.await(duration.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Starts the clients, waits until all work and all servers are open, disturbs, and stops. */
    public LoadReport run(Disturbance disturbance) {
        Pace pace = Pace.withPauses();
        List<LoadClient> clients = seated(pace);
        Set<ServerSnapshot.Server> opened = Set.of();
        var watch = new ServerWatch(server, limits, this::report);
        try (watch) {
            clients.forEach(LoadClient::start);
            if (allOpen(clients) && allServersOpen()) {
                ServerSnapshot before = servers();
                disturbance.run(this);
                opened = servers().since(before);
            }
            pace.stop();
            Deadline end = Deadline.in(END_LIMIT);
            for (LoadClient client : clients) {
                client.awaitEnd(end.remainingMillis());
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        } finally {
            pace.stop();
        }
        return summary(disturbance, clients, watch.most(), opened);
    }

    @Override
    public void close() {
        tunnel.ifPresent(TlsTunnel::close);
        pooler.close();
    }

    private List<LoadClient> seated(Pace pace) {
        var random = new Random(seed);
        var clients = new ArrayList<LoadClient>();
        mix.forEach(
                (kind, count) -> {
                    for (int i = 0; i < count; i++) {
                        var seat =
                                new Seat(
                                        i,
                                        clients.size(),
                                        doors(kind.pool()),
                                        pace,
                                        new Random(random.nextLong()));
                        clients.add(new LoadClient(kind, seat, this::report));
                    }
                });
        return clients;
    }

    private Door.Pair doors(LoadPool pool) {
        String name = pool.poolName();
        return new Door.Pair(
                new Door(
                        tunnel.map(TlsTunnel::address).orElse(pooler.address()),
                        pool.user(),
                        pool.password(),
                        name,
                        LIMIT),
                new Door(pooler.unixAddress(), pool.user(), pool.password(), name, LIMIT));
    }

    private boolean allOpen(List<LoadClient> clients) throws InterruptedException {
        Deadline deadline = Deadline.in(LIMIT);
        for (LoadClient client : clients) {
            if (!client.awaitOpen(deadline.remainingMillis())) {
                report(new Fault(client.kind().toString(), "not connected in time"));
                return false;
            }
        }
        return true;
    }

    private boolean allServersOpen() {
        Deadline deadline = Deadline.in(LIMIT);
        while (!servers().counts().equals(limits)) {
            if (deadline.isOver()) {
                report(
                        new Fault(
                                "start",
                                "servers %s, not %s".formatted(servers().counts(), limits)));
            }
            if (!workFor(Duration.ofMillis(20))) {
                return false;
            }
        }
        return true;
    }

    private LoadReport summary(
            Disturbance disturbance,
            List<LoadClient> clients,
            Map<String, Integer> mostServers,
            Set<ServerSnapshot.Server> opened) {
        var rounds = new EnumMap<ClientKind, Long>(ClientKind.class);
        clients.forEach(client -> rounds.merge(client.kind(), client.rounds(), Long::sum));
        return new LoadReport(
                disturbance.toString(),
                seed,
                rounds,
                mostServers,
                opened,
                List.copyOf(faults),
                endOfLog());
    }

    /** Without what the clients cause on purpose; warnings from the whole of it. */
    private String endOfLog() {
        List<String> lines = pooler.log().lines().filter(line -> !line.contains("57014")).toList();
        List<String> warnings =
                lines.stream().filter(line -> !line.contains(" INFO ") || isEnd(line)).toList();
        return String.join("\n", last(warnings)) + "\n...\n" + String.join("\n", last(lines));
    }

    /** Of a client that did not end by itself. */
    private static boolean isEnd(String line) {
        return line.contains(" disconnected from ")
                && !line.contains(": " + CloseReason.TERMINATED.text());
    }

    private static List<String> last(List<String> lines) {
        return lines.subList(Math.max(0, lines.size() - SHOWN_LOG_LINES), lines.size());
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted", e);
    }
}
