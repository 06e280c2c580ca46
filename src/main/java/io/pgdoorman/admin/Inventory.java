package io.pgdoorman.admin;

import io.netty.channel.EventLoop;
import io.pgdoorman.backend.Server;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.session.Session;
import io.pgdoorman.session.SessionView;
import io.pgdoorman.tls.TlsRecords;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What clients, servers and pools are doing, asked loop by loop: each loop looks at its own, a part
 * at a time, so that relayed clients wait for no more than that.
 *
 * <p>Threads: any but an event loop; it waits for the loops.
 */
public final class Inventory {
    private static final Logger LOG = LoggerFactory.getLogger(Inventory.class);
    private static final long LIMIT_SECONDS = 5;

    /** So many clients are looked at in one go. */
    private static final int PART = 500;

    /** The servers of so many pools. */
    private static final int POOLS_PART = 50;

    private final AdminHost host;

    public Inventory(AdminHost host) {
        this.host = host;
    }

    /** All clients that are logged in, by number. Each is looked at when its part is asked for. */
    Parts<ClientRow> clients() {
        List<Session> sessions = new ArrayList<>(host.sessions().all());
        sessions.sort(Comparator.comparing(s -> s.identity().id(), Integer::compareUnsigned));
        Iterator<List<Session>> parts = parts(sessions, PART).iterator();
        return () -> {
            List<ClientRow> rows = List.of();
            while (rows.isEmpty() && parts.hasNext()) {
                rows = rows(parts.next());
            }
            return rows;
        };
    }

    private static <T> List<List<T>> parts(List<T> all, int size) {
        List<List<T>> parts = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            parts.add(all.subList(from, Math.min(from + size, all.size())));
        }
        return parts;
    }

    private static List<ClientRow> rows(List<Session> sessions) throws InterruptedException {
        return ask(
                sessions,
                session -> session.channel().eventLoop(),
                (loop, session) -> isOn(session, loop) ? row(session) : null);
    }

    private void eachClient(Consumer<ClientRow> consumer) throws InterruptedException {
        Parts<ClientRow> parts = clients();
        for (List<ClientRow> part = parts.next(); !part.isEmpty(); part = parts.next()) {
            part.forEach(consumer);
        }
    }

    /**
     * Asks about each of {@code all} on its loop, all loops at the same time. Those of a loop that
     * does not answer are left out.
     *
     * @param question answers null for what is to be left out
     * @return in the order of {@code all}
     */
    private static <T, R> List<R> ask(
            List<T> all,
            Function<T, EventLoop> home,
            BiFunction<EventLoop, T, @Nullable R> question)
            throws InterruptedException {
        Map<EventLoop, BitSet> byLoop = new LinkedHashMap<>();
        for (int i = 0; i < all.size(); i++) {
            byLoop.computeIfAbsent(home.apply(all.get(i)), _ -> new BitSet()).set(i);
        }
        // Each loop has places of its own. One that is too late may still fill them: answers are
        // immutable.
        List<@Nullable R> answers = new ArrayList<>(Collections.nCopies(all.size(), null));
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        byLoop.forEach(
                (loop, places) ->
                        asked.add(
                                CompletableFuture.runAsync(
                                        () -> {
                                            for (int i = places.nextSetBit(0);
                                                    i >= 0;
                                                    i = places.nextSetBit(i + 1)) {
                                                answers.set(i, question.apply(loop, all.get(i)));
                                            }
                                        },
                                        loop)));
        for (CompletableFuture<Void> answer : asked) {
            await(answer);
        }
        List<R> present = new ArrayList<>(all.size());
        for (R answer : answers) {
            if (answer != null) {
                present.add(answer);
            }
        }
        return present;
    }

    private static boolean isOn(Session session, EventLoop loop) {
        return session.channel().eventLoop().equals(loop) && session.channel().isActive();
    }

    private static ClientRow row(Session session) {
        SessionView view = session.view();
        TlsRecords records = TlsRecords.of(session.channel());
        long now = System.nanoTime();
        return new ClientRow(
                session.identity().id(),
                session.identity().database(),
                session.identity().user(),
                view.applicationName(),
                session.identity().address(),
                records != null,
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
                view.statements(),
                records == null ? "" : records.serverName(),
                records == null ? "" : records.peerName(),
                records == null ? "" : records.suite().version());
    }

    /** All servers, by pool and number. */
    Parts<ServerRow> servers() {
        Iterator<List<Pool>> parts = parts(sorted(), POOLS_PART).iterator();
        Map<Integer, ClientRow> byPid = new HashMap<>();
        return () -> {
            if (byPid.isEmpty() && parts.hasNext()) {
                eachClient(
                        client -> {
                            if (client.serverPid() != 0) {
                                byPid.put(client.serverPid(), client);
                            }
                        });
            }
            List<ServerRow> rows = new ArrayList<>();
            while (rows.isEmpty() && parts.hasNext()) {
                ofShards(parts.next(), shard -> rows(shard, byPid)).forEach(rows::addAll);
            }
            rows.sort(
                    Comparator.comparing(ServerRow::database)
                            .thenComparing(ServerRow::user)
                            .thenComparingLong(ServerRow::id));
            return rows;
        };
    }

    private List<Pool> sorted() {
        List<Pool> sorted = new ArrayList<>(host.pools());
        sorted.sort(Comparator.comparing(Pool::database).thenComparing(Pool::user));
        return sorted;
    }

    private static List<ServerRow> rows(Shard shard, Map<Integer, ClientRow> byPid) {
        return shard.servers().stream().map(server -> row(shard, server, byPid)).toList();
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
                TlsRecords.of(server.channel()) != null,
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
        Map<Pool, PoolRow> rows = new LinkedHashMap<>();
        for (List<Pool> part : parts(sorted(), POOLS_PART)) {
            part.forEach(pool -> rows.put(pool, PoolRow.empty(pool)));
            for (PoolRow row : ofShards(part, Inventory::row)) {
                rows.merge(row.pool(), row, PoolRow::plus);
            }
        }
        Map<Place, ClientSum> sums = new HashMap<>();
        eachClient(
                client ->
                        sums.computeIfAbsent(
                                        new Place(client.database(), client.user()),
                                        _ -> new ClientSum())
                                .add(client));
        return rows.values().stream()
                .map(
                        row -> {
                            var place = new Place(row.pool().database(), row.pool().user());
                            ClientSum sum = sums.get(place);
                            return sum == null ? row : row.plus(sum.row(row.pool()));
                        })
                .toList();
    }

    private record Place(String database, String user) {}

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
                encrypted(shard),
                0,
                0,
                0);
    }

    private static int encrypted(Shard shard) {
        int count = 0;
        for (Server server : shard.servers()) {
            count += TlsRecords.of(server.channel()) == null ? 0 : 1;
        }
        return count;
    }

    private static <R> List<R> ofShards(List<Pool> pools, Function<Shard, R> question)
            throws InterruptedException {
        List<Shard> shards = pools.stream().flatMap(pool -> pool.shards().stream()).toList();
        return ask(shards, Shard::loop, (_, shard) -> question.apply(shard));
    }

    /** A loop that does not answer is left out. */
    private static void await(CompletableFuture<Void> answer) throws InterruptedException {
        try {
            answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.warn("an event loop did not say what it does: {}", e.toString());
        }
    }
}
