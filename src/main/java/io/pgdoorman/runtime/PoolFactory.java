package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.backend.ServerTarget;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.PoolMode;
import io.pgdoorman.config.Secret;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.session.ClientDirectory;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/**
 * Turns the configuration of a user into its pool.
 *
 * <p>Threads: immutable.
 */
final class PoolFactory {
    /** How long a server may answer a client that is gone before its query is cancelled. */
    private static final Duration DRAIN = Duration.ofSeconds(5);

    private final ServerConnector.Shared shared;
    private final ParameterInterner interner;
    private final SocketSettings sockets;
    private final List<EventLoop> loops;

    PoolFactory(
            ServerConnector.Shared shared,
            ParameterInterner interner,
            SocketSettings sockets,
            List<EventLoop> loops) {
        this.shared = shared;
        this.interner = interner;
        this.sockets = sockets;
        this.loops = loops;
    }

    /**
     * The pool of one user and what its clients have to prove.
     *
     * @param coordinator of the database; null if it has no limit of its own
     */
    ClientDirectory.Account account(
            PoolConfig pool, UserConfig user, @Nullable Coordinator coordinator) {
        StoredSecret secret = StoredSecret.parse(user.password().reveal());
        boolean passThrough =
                user.serverPassword().isEmpty() && user.serverUsername().equals(user.username());
        ServerCredential credential = credential(user, secret, passThrough);
        var target =
                new ServerTarget(
                        user.username() + "@" + pool.name(),
                        pool.serverHost(),
                        pool.serverPort(),
                        pool.serverDatabase(),
                        user.serverUsername(),
                        credential,
                        pool.applicationName(),
                        pool.startupParameters(),
                        pool.connectTimeout(),
                        sockets);
        var connector =
                new ServerConnector(
                        target,
                        shared,
                        interner,
                        user.serverLifetime().toNanos(),
                        pool.idleTimeout().toNanos());
        return new ClientDirectory.Account(
                new Pool(
                        pool.name(),
                        user.username(),
                        settings(pool, user),
                        connector,
                        interner,
                        coordinator,
                        loops),
                secret,
                passThrough);
    }

    private static ServerCredential credential(
            UserConfig user, StoredSecret secret, boolean passThrough) {
        if (user.serverPassword().isPresent()) {
            Secret password = user.serverPassword().get();
            return ServerCredential.parse(user.serverUsername(), password.reveal());
        }
        return passThrough
                ? ServerCredential.ofStored(user.username(), secret)
                : new ServerCredential.None();
    }

    private static PoolSettings settings(PoolConfig pool, UserConfig user) {
        PoolConfig.Scaling scaling = pool.scaling();
        PoolConfig.Coordinator coordinator = pool.coordinator();
        return new PoolSettings(
                user.poolMode() == PoolMode.SESSION,
                pool.applicationName(),
                pool.applicationNameFixed(),
                user.poolSize(),
                user.minPoolSize(),
                pool.queryWaitTimeout().toNanos(),
                pool.idleTimeout().toNanos(),
                user.serverLifetime().toNanos(),
                pool.serverIdleCheckTimeout().toNanos(),
                pool.connectTimeout().toNanos(),
                pool.serverLoginRetry().toNanos(),
                DRAIN.toNanos(),
                pool.serverRoundRobin(),
                pool.cleanupServerConnections(),
                Math.min(scaling.maxConcurrentCreates(), scaling.maxParallelCreates()),
                Math.max(1, user.poolSize() * scaling.warmPoolRatio() / 100),
                coordinator.enabled(),
                coordinator.minConnectionLifetime().toNanos(),
                coordinator.reservePoolTimeout().toNanos(),
                coordinator.minGuaranteedPoolSize());
    }
}
