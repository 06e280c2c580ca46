package io.pgdoorman.pool;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * The idle servers of one event loop, the one used last at the end.
 *
 * <p>Threads: confined to the loop of its shard.
 */
final class IdleServers {
    private final ArrayDeque<Server> servers = new ArrayDeque<>();

    int size() {
        return servers.size();
    }

    boolean isEmpty() {
        return servers.isEmpty();
    }

    boolean contains(Server server) {
        return servers.contains(server);
    }

    void add(Server server, long nowNanos) {
        server.markIdle(nowNanos);
        servers.addLast(server);
    }

    boolean remove(Server server) {
        return servers.remove(server);
    }

    /** The one not used for the longest time. */
    @Nullable Server coldest() {
        return servers.peekFirst();
    }

    @Nullable Server takeColdest() {
        return servers.pollFirst();
    }

    /** All of them, coldest first; a copy. */
    List<Server> all() {
        return List.copyOf(servers);
    }

    void replace(Server frozen, Server thawed) {
        if (servers.contains(frozen)) {
            List<Server> order = all();
            servers.clear();
            order.forEach(server -> servers.addLast(server.equals(frozen) ? thawed : server));
        }
    }

    /**
     * Takes a server that logged in with these startup parameters.
     *
     * @param onStale gets those that cannot be handed out unseen: idle for too long, or they said
     *     something nobody asked for; they are taken too
     */
    @Nullable Server take(
            ParameterSet profile, PoolSettings settings, long nowNanos, Consumer<Server> onStale) {
        boolean roundRobin = settings.roundRobin();
        Server first = roundRobin ? servers.peekFirst() : servers.peekLast();
        if (first != null && isUsable(first, profile, settings, nowNanos)) {
            return roundRobin ? servers.pollFirst() : servers.pollLast();
        }
        Iterator<Server> candidates =
                roundRobin ? servers.iterator() : servers.descendingIterator();
        while (candidates.hasNext()) {
            Server server = candidates.next();
            if (server.profile().equals(profile)) {
                candidates.remove();
                if (isUsable(server, profile, settings, nowNanos)) {
                    return server;
                }
                onStale.accept(server);
            }
        }
        return null;
    }

    private static boolean isUsable(
            Server server, ParameterSet profile, PoolSettings settings, long nowNanos) {
        return server.profile().equals(profile)
                && server.isReusable() // it may have said something nobody asked for
                && (settings.idleCheckNanos() == 0
                        || nowNanos - server.idleSinceNanos() < settings.idleCheckNanos());
    }
}
