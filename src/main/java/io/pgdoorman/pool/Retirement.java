package io.pgdoorman.pool;

import io.pgdoorman.backend.Server;

import org.jspecify.annotations.Nullable;

/**
 * Says when a server that no client has is closed instead of kept, and why.
 *
 * <p>Threads: any thread that may read the server; no state of its own.
 */
final class Retirement {
    private static final String LIFETIME = "lifetime exceeded";
    private static final String OUTDATED = "made for an earlier configuration";

    private final Pool pool;

    Retirement(Pool pool) {
        this.pool = pool;
    }

    /**
     * Of a server that comes back clean from a client.
     *
     * @param missed clients wait: under load a server is not missed a little later, when others are
     *     not due
     * @return why it is closed; null if it is not
     */
    @Nullable String onReturn(Server server, long now, boolean missed) {
        long age = now - server.identity().bornNanos();
        long limit = lifetime(server);
        if (pool.isClosed()) {
            return "pool closed";
        }
        if (missed ? age - limit >= limit / 10 : age >= limit) {
            return LIFETIME;
        }
        return pool.isOutdated(server) ? OUTDATED : null;
    }

    /**
     * Of an idle server.
     *
     * @return why it is closed; null if it is not
     */
    @Nullable String whileIdle(Server server, long now) {
        PoolSettings settings = pool.settings();
        long idleFor = now - server.idleSinceNanos();
        if (pool.isOutdated(server)) {
            return OUTDATED;
        }
        if (now - server.identity().bornNanos() >= lifetime(server)) {
            return LIFETIME;
        }
        if (idleFor >= atMost(server.identity().idleNanos(), settings.idleNanos())
                && pool.open() > settings.minSize()) {
            return "idle timeout";
        }
        if (pool.coordinator().isReserveUsed()
                && idleFor >= settings.minConnectionLifetimeNanos()) {
            return "reserve no longer needed";
        }
        return null;
    }

    /** Whether an idle server may be closed for another user of the database. */
    boolean mayBeEvicted(Server server, long now) {
        return pool.spare() > 0
                && now - server.identity().bornNanos()
                        >= pool.settings().minConnectionLifetimeNanos();
    }

    /** The age at which it is replaced: as it was given, or less if the setting is now shorter. */
    private long lifetime(Server server) {
        return atMost(server.identity().lifetimeNanos(), pool.settings().lifetimeNanos());
    }

    private static long atMost(long given, long setting) {
        return setting == 0 ? given : Math.min(given, setting + setting / 5); // with its jitter
    }
}
