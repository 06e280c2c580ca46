package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.backend.ServerTarget;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.PoolMode;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.session.ClientDirectory;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Turns the configuration of a user into its pool.
 *
 * <p>Threads: the control thread, after the start; pools of users that are looked up are made on
 * any.
 */
final class PoolFactory {
    /** How long a server may answer a client that is gone before its query is cancelled. */
    private static final Duration DRAIN = Duration.ofSeconds(5);

    private final ServerConnector.Shared shared;
    private final ParameterInterner interner;

    /** Of servers made from now on. Written by a reload on the control thread only. */
    private volatile SocketSettings sockets;

    /** As {@link #sockets}. */
    private volatile TlsSetup tls;

    /** As {@link #sockets}. */
    private volatile Authorities authorities;

    private final List<EventLoop> loops;

    PoolFactory(
            ServerConnector.Shared shared,
            ParameterInterner interner,
            SocketSettings sockets,
            TlsSetup tls,
            Authorities authorities,
            List<EventLoop> loops) {
        this.shared = shared;
        this.interner = interner;
        this.sockets = sockets;
        this.tls = tls;
        this.authorities = authorities;
        this.loops = loops;
    }

    /**
     * The pool of one user as this configuration has it.
     *
     * @param before told what is new to it; null if there is none, and one is made
     * @param newSockets how servers are connected has changed
     * @param changes gets a line if it is not as it was; no secrets
     */
    PoolSet.Entry entry(
            PoolConfig pool,
            UserConfig user,
            Coordinator coordinator,
            PoolSet.@Nullable Entry before,
            boolean newSockets,
            List<String> changes) {
        if (before == null) {
            ClientDirectory.Account account = account(pool, user, coordinator);
            changes.add(account.pool().name() + ": added");
            return new PoolSet.Entry(account, pool, user);
        }
        if (!newSockets
                && before.user().equals(user)
                && before.account().secret().equals(secret(user))
                && withoutUsers(before.pool()).equals(withoutUsers(pool))) {
            return new PoolSet.Entry(before.account(), pool, user);
        }
        Update update = update(before.account(), before.pool(), before.user(), pool, user);
        if (!update.changes().isEmpty()) {
            changes.add(
                    before.account().pool().name() + ": " + String.join(", ", update.changes()));
        }
        return new PoolSet.Entry(update.account(), pool, user);
    }

    private static PoolConfig withoutUsers(PoolConfig pool) {
        return pool.withUsers(List.of());
    }

    /**
     * The pool of one user and what its clients have to prove.
     *
     * @param coordinator of the database
     */
    ClientDirectory.Account account(PoolConfig pool, UserConfig user, Coordinator coordinator) {
        StoredSecret secret = secret(user);
        var made =
                new Pool(
                        pool.name(),
                        user.username(),
                        settings(pool, user),
                        connector(pool, user),
                        interner,
                        coordinator,
                        loops);
        return new ClientDirectory.Account(made, secret, ServerPasswords.passesThrough(user));
    }

    /** Passwords that stand elsewhere. */
    Secrets secrets() {
        return shared.secrets();
    }

    /** What clients of a user have to prove. */
    StoredSecret secret(UserConfig user) {
        return authorities
                .of(user)
                .<StoredSecret>map(StoredSecret.Delegated::new)
                .orElseGet(() -> StoredSecret.parse(user.password().reveal()));
    }

    Authorities authorities() {
        return authorities;
    }

    /** Applies to servers and logins from now on. */
    void update(SocketSettings next, TlsSetup nextTls, Authorities nextAuthorities) {
        sockets = next;
        tls = nextTls;
        authorities = nextAuthorities;
    }

    /**
     * What a reload did to one pool.
     *
     * @param changes in words, for the log; no secrets
     */
    private record Update(ClientDirectory.Account account, List<String> changes) {}

    /** Tells a living pool what is new to it. */
    private Update update(
            ClientDirectory.Account account,
            PoolConfig oldPool,
            UserConfig oldUser,
            PoolConfig pool,
            UserConfig user) {
        List<String> changes = new ArrayList<>();
        Pool living = account.pool();
        StoredSecret secret = secret(user);
        boolean samePassword =
                oldUser.password().equals(user.password())
                        && oldUser.authPamService().equals(user.authPamService());
        if (!samePassword) {
            changes.add("new password");
        } else if (!secret.equals(account.secret())) {
            changes.add("new token key");
        }
        boolean sameRole =
                oldUser.serverUsername().equals(user.serverUsername())
                        && oldUser.serverPassword().equals(user.serverPassword())
                        && oldUser.serverPasswordFrom().equals(user.serverPasswordFrom());
        boolean sameTarget =
                oldPool.serverHost().equals(pool.serverHost())
                        && oldPool.serverPort() == pool.serverPort()
                        && oldPool.serverDatabase().equals(pool.serverDatabase())
                        && sameRole
                        && oldPool.startupParameters().equals(pool.startupParameters())
                        && oldPool.serverTls().equals(pool.serverTls());
        ServerConnector connector = connector(pool, user);
        if (samePassword && sameRole && living.source() instanceof ServerConnector present) {
            connector.learn(present.credential()); // perhaps a client's own
        }
        if (sameTarget) {
            if (!connector.isLike(living.source())) { // else a client may be teaching it right now
                living.replaceSource(connector);
            }
        } else {
            living.redirect(connector);
            changes.add("servers are made anew, at " + connector.endpoint());
        }
        PoolSettings settings = settings(pool, user);
        if (!settings.equals(living.settings())) {
            changes.add(describe(living.settings(), settings));
            living.update(settings);
        }
        return new Update(
                new ClientDirectory.Account(living, secret, ServerPasswords.passesThrough(user)),
                changes);
    }

    private static String describe(PoolSettings before, PoolSettings after) {
        List<String> parts = new ArrayList<>();
        for (RecordComponent component : PoolSettings.class.getRecordComponents()) {
            try {
                Object old = component.getAccessor().invoke(before);
                Object next = component.getAccessor().invoke(after);
                if (!Objects.equals(old, next)) {
                    parts.add("%s %s -> %s".formatted(component.getName(), old, next));
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
        return String.join(", ", parts);
    }

    private ServerConnector connector(PoolConfig pool, UserConfig user) {
        var target =
                new ServerTarget(
                        user.username() + "@" + pool.name(),
                        pool.serverHost(),
                        pool.serverPort(),
                        pool.serverDatabase(),
                        user.serverUsername(),
                        ServerPasswords.credential(pool, user),
                        pool.applicationName(),
                        pool.startupParameters(),
                        pool.connectTimeout(),
                        sockets,
                        tls.server(pool));
        return new ServerConnector(
                target,
                shared,
                interner,
                user.serverLifetime().toNanos(),
                pool.idleTimeout().toNanos());
    }

    private static PoolSettings settings(PoolConfig pool, UserConfig user) {
        PoolConfig.Scaling scaling = pool.scaling();
        PoolConfig.Coordinator coordinator = pool.coordinator();
        PoolConfig.Prepared prepared = pool.prepared();
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
                pool.sessionState(),
                pool.sessionStateNotice(),
                prepared.enabled() && user.poolMode() != PoolMode.SESSION,
                prepared.cacheSize(),
                Math.max(1, prepared.serverCacheSize()),
                prepared.clientLimit() == 0 ? Integer.MAX_VALUE : prepared.clientLimit(),
                Math.min(scaling.maxConcurrentCreates(), scaling.maxParallelCreates()),
                Math.max(1, user.poolSize() * scaling.warmPoolRatio() / 100),
                coordinator.enabled(),
                coordinator.minConnectionLifetime().toNanos(),
                coordinator.reservePoolTimeout().toNanos(),
                coordinator.minGuaranteedPoolSize());
    }
}
