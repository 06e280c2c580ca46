package io.pgdoorman.handover;

import ch.qos.logback.classic.LoggerContext;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.backend.ServerMoves;
import io.pgdoorman.backend.ServerTarget;
import io.pgdoorman.backend.ServerTls;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.log.LogFilter;
import io.pgdoorman.log.LogLevel;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.SettingsBuilder;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.session.ClientDirectory;
import io.pgdoorman.session.ClientServices;
import io.pgdoorman.session.Consoles;
import io.pgdoorman.session.Derivations;
import io.pgdoorman.session.SessionMoves;
import io.pgdoorman.session.SessionSettings;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.stats.Histogram;
import io.pgdoorman.testing.ManualLoop;
import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** A process with pools and limits, without sockets: what {@link ProcessState} is about. */
final class StateHost implements Host {
    static final String SECRET = "the secret of the predecessor...";
    static final ServerCredential NONE = new ServerCredential.None();
    static final ServerCredential MD5 =
            new ServerCredential.Md5Hash("alice", "md5" + "0123456789abcdef".repeat(2));
    static final ServerCredential SCRAM =
            new ServerCredential.ScramClientKey(
                    key(1),
                    new StoredSecret.Scram(4096, Bytes.ofText("salt of alice"), key(2), key(3)));
    static final ParameterSet PROFILE = ParameterSet.of(Map.of("TimeZone", "CET"));
    static final ParameterSet REPORTED =
            ParameterSet.of(Map.of("TimeZone", "CET", "server_version", "18.1", "empty", ""));

    private static final int MAX_CONNECTIONS = 10;

    final ParameterInterner interner = new ParameterInterner();
    final AtomicLong lastServerId = new AtomicLong();
    final AtomicLong handoverFailures = new AtomicLong();
    final Histogram clientPauses = new Histogram();
    final LogLevels logLevels = new LogLevels(new LoggerContext(), LogFilter.of(LogLevel.INFO));
    Map<String, String> consoleSettings = Map.of();
    final Map<String, Coordinator> coordinators = new LinkedHashMap<>();
    final Map<String, UserLookup> lookups = new LinkedHashMap<>();
    final AuthenticationContext authentication;
    final Sessions sessions;

    private final List<Pool> pools = new ArrayList<>();
    private final ManualLoop loop = new ManualLoop();
    private final ServerConnector.Shared shared;

    StateHost(String secret) {
        authentication =
                new AuthenticationContext(
                        new SecureRandom(),
                        new ScramKeyCache(10),
                        Bytes.ofText(secret),
                        new UsualSecrets());
        shared =
                new ServerConnector.Shared(
                        Transport.select(TransportChoice.EPOLL, _ -> {}),
                        Runnable::run,
                        Runnable::run,
                        authentication,
                        new Secrets(),
                        lastServerId,
                        false);
        sessions =
                new Sessions(
                        new NobodyMayLogIn(),
                        new ClientServices(
                                authentication,
                                new Derivations(Runnable::run, 1),
                                false,
                                Consoles.NONE,
                                new LoopChoice(loops())),
                        new SessionSettings(
                                MAX_CONNECTIONS,
                                0,
                                1 << 20,
                                0,
                                Bytes.EMPTY,
                                false,
                                false,
                                0,
                                0,
                                false,
                                0));
    }

    private static Bytes key(int seed) {
        byte[] key = new byte[32];
        IntStream.range(0, key.length).forEach(i -> key[i] = (byte) (seed * 50 + i));
        return Bytes.copyOf(key);
    }

    static Pool addShop(StateHost host) {
        return host.addPool("shop", "alice", "db.example.org", NONE, 5);
    }

    /** With the credential of the configuration. */
    Pool addPool(String database, String user, String host, ServerCredential credential, int size) {
        var target =
                new ServerTarget(
                        user + "@" + database,
                        host,
                        5432,
                        database,
                        user,
                        credential,
                        "pooler",
                        Map.of("work_mem", "8MB"),
                        Duration.ofSeconds(3),
                        SocketSettings.DEFAULT,
                        ServerTls.OFF);
        var settings = new SettingsBuilder();
        settings.size = size;
        var pool =
                new Pool(
                        database,
                        user,
                        settings.build(),
                        new ServerConnector(target, shared, interner, 0, 0),
                        interner,
                        coordinators.getOrDefault(database, Coordinator.unlimited()),
                        loops());
        pools.add(pool);
        return pool;
    }

    static ServerConnector connector(Pool pool) {
        return (ServerConnector) pool.source();
    }

    // ---- Host -----------------------------------------------------------------------------------

    @Override
    public String version() {
        return "0.9.1";
    }

    @Override
    public List<EventLoop> loops() {
        return List.of(loop.loop());
    }

    @Override
    public Sessions sessions() {
        return sessions;
    }

    @Override
    public Collection<Pool> pools() {
        return pools;
    }

    @Override
    public @Nullable Pool pool(String database, String user) {
        return pools.stream()
                .filter(pool -> pool.database().equals(database) && pool.user().equals(user))
                .findFirst()
                .orElse(null);
    }

    @Override
    public Map<String, Coordinator> coordinators() {
        return coordinators;
    }

    @Override
    public Map<String, UserLookup> lookups() {
        return lookups;
    }

    /** With a look-up for a database, of one question unless {@code query} is another. */
    UserLookup addLookup(String database, String query) {
        PoolConfig pool =
                ConfigLoader.parse(
                                """
                                [general]
                                admin_username = "admin"
                                admin_password = "top-secret"
                                [pools.%s]
                                server_host = "db.example.org"
                                [pools.%s.auth_query]
                                query = "%s"
                                user = "asks"
                                """
                                        .formatted(database, database, query),
                                "test.toml")
                        .config()
                        .orElseThrow()
                        .pools()
                        .get(database);
        var lookup =
                new UserLookup(
                        pool, pool.authQuery().orElseThrow(), new LookupCounts(), new Secrets());
        lookups.put(database, lookup);
        return lookup;
    }

    @Override
    public ParameterInterner interner() {
        return interner;
    }

    @Override
    public AuthenticationContext authentication() {
        return authentication;
    }

    @Override
    public AtomicLong handoverFailures() {
        return handoverFailures;
    }

    @Override
    public AtomicLong lastServerId() {
        return lastServerId;
    }

    @Override
    public Histogram clientPauses() {
        return clientPauses;
    }

    @Override
    public LogLevels logLevels() {
        return logLevels;
    }

    @Override
    public Map<String, String> consoleSettings() {
        return consoleSettings;
    }

    @Override
    public void adoptConsoleSettings(Map<String, String> settings) {
        consoleSettings = settings;
    }

    @Override
    public boolean rehearse() {
        return false;
    }

    @Override
    public SessionMoves sessionMoves() {
        throw new UnsupportedOperationException();
    }

    @Override
    public ServerMoves serverMoves() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<PassedListener> listeners() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void pauseListeners() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void acceptClients() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<Integer> adoptListeners(List<PassedListener> passed) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void settleListeners() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void releaseListeners(Set<Integer> taken) {
        throw new UnsupportedOperationException();
    }

    private static final class NobodyMayLogIn implements ClientDirectory {
        @Override
        public HbaRules hba() {
            return HbaRules.ALLOW_ALL;
        }

        @Override
        public boolean hasDatabase(String database) {
            return false;
        }

        @Override
        public Optional<Account> find(String database, String user) {
            return Optional.empty();
        }
    }
}
