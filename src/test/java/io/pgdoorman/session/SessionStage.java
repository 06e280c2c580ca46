package io.pgdoorman.session;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.FakeServers;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.SettingsBuilder;
import io.pgdoorman.testing.ManualLoop;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.ProtocolVersion;

import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Clients, sessions and a pool; PostgreSQL and the clients are played by the test. */
final class SessionStage {
    static final Duration LONG = Duration.ofHours(1);

    final SettingsBuilder settings = new SettingsBuilder();
    final FakeServers source = new FakeServers();
    final Directory directory = new Directory();

    int maxConnections = 10;
    Duration loginTime = LONG;
    Duration slowReader = LONG;

    /** {@code failed_login_delay}. */
    Duration failedLogin = Duration.ZERO;

    long maxMemoryBytes = 1 << 20;
    boolean rehearse;

    private final List<TestChannel> clients = new ArrayList<>();
    private final ManualLoop loop = new ManualLoop();
    private Pool pool;
    private Sessions sessions;

    /** {@code pooler_check_query}. */
    String checkQuery = "";

    SessionStage() {
        pool = newPool(loop.loop());
        sessions = newSessions();
    }

    /** Takes over what the test has changed. */
    void rebuild() {
        pool = newPool(loop.loop());
        sessions = newSessions();
    }

    private Pool newPool(EventLoop eventLoop) {
        return new Pool(
                "shop",
                "alice",
                settings.build(),
                source,
                source.interner,
                Coordinator.unlimited(),
                List.of(eventLoop));
    }

    private Sessions newSessions() {
        var authentication =
                new AuthenticationContext(
                        new SecureRandom(),
                        new ScramKeyCache(10),
                        Bytes.ofText("a secret of this process"),
                        new UsualSecrets());
        return new Sessions(
                directory,
                new ClientServices(
                        authentication,
                        new Derivations(Runnable::run, 1),
                        rehearse,
                        Consoles.NONE,
                        new LoopChoice(List.of(loop.loop()))),
                new SessionSettings(
                        maxConnections,
                        loginTime.toNanos(),
                        maxMemoryBytes,
                        slowReader.toNanos(),
                        Bytes.ofText(checkQuery),
                        true,
                        true,
                        0,
                        0,
                        true,
                        failedLogin.toNanos()));
    }

    Pool pool() {
        return pool;
    }

    Sessions sessions() {
        return sessions;
    }

    /** A client that is logged in. */
    TestChannel client() {
        return client(source.reported);
    }

    TestChannel client(ParameterSet parameters) {
        var channel = new TestChannel();
        channel.freezeTime();
        clients.add(channel);
        int id = clients.size();
        var identity =
                new ClientIdentity(
                        id,
                        "shop",
                        "alice",
                        "unix:",
                        CancelKey.of(id, new byte[] {1, 2, 3, 4}),
                        ProtocolVersion.V3_0,
                        ParameterSet.EMPTY,
                        "app");
        var session =
                new Session(
                        identity,
                        sessions,
                        pool.shards().getFirst(),
                        channel,
                        source.interner.intern(parameters));
        sessions.onLogin(session);
        channel.pipeline().addLast(new ClientHandler(session, rehearse));
        return channel;
    }

    /** A connection that was just accepted; the pool of all users lives on its loop. */
    TestChannel connection() {
        var channel = new TestChannel();
        channel.freezeTime();
        clients.add(channel);
        pool = newPool(channel.eventLoop());
        directory.pool = pool;
        sessions.accept(channel);
        return channel;
    }

    /** The session of a client now; it is another object after each rehearsal. */
    Session session(TestChannel client) {
        for (Session session : sessions.all()) {
            if (session.channel().equals(client)) {
                return session;
            }
        }
        throw new IllegalStateException("the session is over");
    }

    /** PostgreSQL accepts the oldest login. */
    TestChannel accept() {
        return FakeServers.channelOf(source.accept());
    }

    void tick() {
        loop.advance(20);
    }

    void dispose() {
        clients.forEach(TestChannel::dispose);
        pool.close();
        loop.run();
        source.dispose();
        clients.forEach(TestChannel::dispose);
    }

    /** Who may log in. */
    static final class Directory implements ClientDirectory {
        Pool pool;
        HbaRules hba = HbaRules.ALLOW_ALL;
        boolean passThrough;

        /** Of every address. */
        CompletableFuture<String> hostName = CompletableFuture.completedFuture("");

        /** Of every user. */
        CompletableFuture<Set<String>> roles = CompletableFuture.completedFuture(Set.of());

        final Map<String, StoredSecret> secrets = new HashMap<>();

        @Override
        public HbaRules hba() {
            return hba;
        }

        @Override
        public CompletableFuture<String> hostName(InetAddress address) {
            return hostName;
        }

        @Override
        public CompletableFuture<Set<String>> rolesOf(String database, String user) {
            return roles;
        }

        @Override
        public boolean hasDatabase(String database) {
            return database.equals("shop");
        }

        @Override
        public Optional<Account> find(String database, String user) {
            return hasDatabase(database) && secrets.containsKey(user)
                    ? Optional.of(new Account(pool, secrets.get(user), passThrough))
                    : Optional.empty();
        }
    }
}
