package io.pgdoorman.admin;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.Server;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.session.Session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * What clients, servers and pools are doing, asked loop by loop: each loop looks at its own, a part
 * at a time, so that relayed clients wait for no more than that.
 *
 * <p>Threads: any but an event loop; it waits for the loops.
 */
public final class Inventory {
    private static final long LIMIT_SECONDS = 5;

    /** So many clients are looked at in one go. */
    private static final int PART = 500;

    private final AdminHost host;

    public Inventory(AdminHost host) {
        this.host = host;
    }

    /** All clients that are logged in, by number. */
    public List<ClientRow> clients() throws InterruptedException {
        Map<EventLoop, List<Session>> byLoop = new LinkedHashMap<>();
        for (Session session : host.sessions().all()) {
            byLoop.computeIfAbsent(session.channel().eventLoop(), _ -> new ArrayList<>())
                    .add(session);
        }
        List<CompletableFuture<List<ClientRow>>> asked = new ArrayList<>();
        byLoop.forEach(
                (loop, sessions) -> {
                    for (int from = 0; from < sessions.size(); from += PART) {
                        List<Session> part =
                                sessions.subList(from, Math.min(from + PART, sessions.size()));
                        asked.add(
                                CompletableFuture.supplyAsync(
                                        () ->
                                                part.stream()
                                                        .filter(s -> isOn(s, loop))
                                                        .map(Inventory::row)
                                                        .toList(),
                                        loop));
                    }
                });
        List<ClientRow> rows = new ArrayList<>();
        for (CompletableFuture<List<ClientRow>> answer : asked) {
            rows.addAll(get(answer, List.of()));
        }
        rows.sort(Comparator.comparing(ClientRow::id, Integer::compareUnsigned));
        return rows;
    }

    private static boolean isOn(Session session, EventLoop loop) {
        return session.channel().eventLoop().equals(loop) && session.channel().isActive();
    }

    private static ClientRow row(Session session) {
        Session.View view = session.view();
        long now = System.nanoTime();
        return new ClientRow(
                session.identity().id(),
                session.identity().database(),
                session.identity().user(),
                view.applicationName(),
                session.identity().address(),
                view.state(),
                view.waitsFor(),
                view.counts().transactions(),
                view.counts().queries(),
                view.counts().errors(),
                view.counts().receivedBytes(),
                view.counts().sentBytes(),
                now - view.connectedNanos(),
                view.waitingSinceNanos() == 0 ? 0 : now - view.waitingSinceNanos(),
                view.counts().transactionSinceNanos() == 0
                        ? 0
                        : now - view.counts().transactionSinceNanos(),
                view.serverPid(),
                view.statements());
    }

    /** All servers, by pool and number. */
    public List<ServerRow> servers() throws InterruptedException {
        Map<Integer, ClientRow> byPid = new LinkedHashMap<>();
        for (ClientRow client : clients()) {
            if (client.serverPid() != 0) {
                byPid.put(client.serverPid(), client);
            }
        }
        List<ServerRow> rows = new ArrayList<>();
        for (Pool pool : host.pools()) {
            rows.addAll(
                    ofShards(
                            pool,
                            shard ->
                                    shard.servers().stream()
                                            .map(s -> row(shard, s, byPid))
                                            .toList()));
        }
        rows.sort(
                Comparator.comparing(ServerRow::database)
                        .thenComparing(ServerRow::user)
                        .thenComparingLong(ServerRow::id));
        return rows;
    }

    private static ServerRow row(Shard shard, Server server, Map<Integer, ClientRow> byPid) {
        int pid = server.identity().cancelKey().processId();
        ClientRow client = byPid.get(pid);
        boolean idle = shard.isIdle(server);
        String state = idle ? "idle" : client == null ? "used" : "active";
        boolean writes = !server.isWritable();
        return new ServerRow(
                server.identity().id(),
                pid,
                shard.pool().database(),
                shard.pool().user(),
                Objects.requireNonNullElse(server.parameters().get("application_name"), ""),
                String.valueOf(server.identity().address()),
                state,
                idle ? "idle" : writes ? "write" : "read",
                server.counts(),
                System.nanoTime() - server.identity().bornNanos(),
                client == null ? 0 : client.transactionNanos(),
                client == null ? 0 : client.id(),
                server.statements().size());
    }

    /** All pools, by database and user. */
    public List<PoolRow> pools() throws InterruptedException {
        Map<String, PoolRow> rows = new LinkedHashMap<>();
        List<Pool> sorted = new ArrayList<>(host.pools());
        sorted.sort(Comparator.comparing(Pool::database).thenComparing(Pool::user));
        for (Pool pool : sorted) {
            PoolRow sum = new PoolRow(pool, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            for (PoolRow part : ofShards(pool, shard -> List.of(row(shard)))) {
                sum = sum.plus(part);
            }
            rows.put(pool.name(), sum);
        }
        for (ClientRow client : clients()) {
            rows.computeIfPresent(
                    client.user() + "@" + client.database(), (_, row) -> row.plus(of(client, row)));
        }
        return List.copyOf(rows.values());
    }

    private static PoolRow of(ClientRow client, PoolRow row) {
        return new PoolRow(
                row.pool(),
                client.state().equals("idle") ? 1 : 0,
                client.state().equals("active") ? 1 : 0,
                client.state().equals("waiting") ? 1 : 0,
                0,
                0,
                0,
                0,
                client.waitNanos(),
                client.transactionNanos(),
                client.statements());
    }

    private static PoolRow row(Shard shard) {
        int idle = shard.idleHint();
        int linked = shard.linkedServers();
        return new PoolRow(
                shard.pool(),
                0,
                0,
                0,
                linked,
                idle,
                Math.max(0, shard.servers().size() - idle - linked),
                shard.loginsUnderWay(),
                0,
                0,
                0);
    }

    private static <T> List<T> ofShards(Pool pool, Function<Shard, List<T>> question)
            throws InterruptedException {
        List<CompletableFuture<List<T>>> asked = new ArrayList<>();
        for (Shard shard : pool.shards()) {
            asked.add(CompletableFuture.supplyAsync(() -> question.apply(shard), shard.loop()));
        }
        List<T> all = new ArrayList<>();
        for (CompletableFuture<List<T>> answer : asked) {
            all.addAll(get(answer, List.of()));
        }
        return all;
    }

    /** A loop that does not answer is left out. */
    private static <T> T get(CompletableFuture<T> answer, T otherwise) throws InterruptedException {
        try {
            return answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return otherwise;
        }
    }
}
