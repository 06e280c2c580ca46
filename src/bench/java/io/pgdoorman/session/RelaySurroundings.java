package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.backend.ServerOwner;
import io.pgdoorman.backend.ServerSource;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.SessionState;
import io.pgdoorman.net.LoopChoice;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.ProtocolVersion;

import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What sessions need to be, short of PostgreSQL: a pool whose only server is a given channel. */
final class RelaySurroundings {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final ParameterSet parameters =
            ParameterSet.of(Map.of("client_encoding", "UTF8", "DateStyle", "ISO, MDY"));
    private final Pool pool;
    private final Shard shard;
    private final Sessions sessions;
    private int lastId;

    RelaySurroundings(EventLoop loop, Channel server) {
        pool =
                new Pool(
                        "bench",
                        "bench",
                        settings(),
                        new OneServer(server, parameters),
                        new ParameterInterner(),
                        Coordinator.unlimited(),
                        List.of(loop));
        shard = pool.shard(loop);
        var authentication =
                new AuthenticationContext(
                        new SecureRandom(),
                        new ScramKeyCache(1),
                        Bytes.copyOf(new byte[AuthenticationContext.PROCESS_SECRET_BYTES]),
                        new UsualSecrets());
        sessions =
                new Sessions(
                        new NoAccounts(),
                        new ClientServices(
                                authentication,
                                new Derivations(Runnable::run, 1),
                                false,
                                Consoles.NONE,
                                new LoopChoice(List.of(loop))),
                        new SessionSettings(
                                2,
                                MINUTE,
                                256L << 20,
                                MINUTE,
                                Bytes.ofText(";"),
                                false,
                                false,
                                0,
                                0,
                                false,
                                0));
    }

    /** A client that is logged in, on this channel. */
    void addSession(Channel client) {
        lastId++;
        var identity =
                new ClientIdentity(
                        lastId,
                        "bench",
                        "bench",
                        "none",
                        CancelKey.of(lastId, new byte[] {1, 2, 3, 4}),
                        ProtocolVersion.of(196_608),
                        ParameterSet.EMPTY,
                        "bench");
        var session = new Session(identity, sessions, shard, client, parameters);
        client.pipeline().addLast(new ClientHandler(session, false));
    }

    private static PoolSettings settings() {
        return new PoolSettings(
                false,
                "bench",
                false,
                1,
                0,
                MINUTE,
                0,
                0,
                0,
                MINUTE,
                MINUTE,
                MINUTE,
                false,
                true,
                SessionState.IGNORE,
                false,
                true,
                100,
                100,
                100,
                1,
                1,
                false,
                0,
                0,
                0);
    }

    /** Its only server is the channel at the other end. */
    private static final class OneServer implements ServerSource {
        private final Channel server;
        private final ParameterSet parameters;

        OneServer(Channel server, ParameterSet parameters) {
            this.server = server;
            this.parameters = parameters;
        }

        @Override
        public void logIn(
                EventLoop loop, ParameterSet profile, ServerOwner owner, LoginListener listener) {
            var identity =
                    new ServerIdentity(
                            1,
                            "bench@bench",
                            InetSocketAddress.createUnresolved("none", 1),
                            CancelKey.of(2, new byte[] {1, 2, 3, 4}),
                            profile,
                            System.nanoTime(),
                            Long.MAX_VALUE,
                            Long.MAX_VALUE);
            var made = new Server(identity, server, parameters, owner);
            server.pipeline().addLast(new ServerHandler(made, false));
            loop.execute(() -> listener.onServer(made));
        }

        @Override
        public void move(Server moved, EventLoop target, Consumer<Server> onMoved) {
            throw new IllegalStateException("there is one loop only");
        }

        @Override
        public void cancel(Server target, Runnable onDone) {
            onDone.run();
        }

        @Override
        public ParameterSet profileOf(ParameterSet startup) {
            return startup;
        }

        @Override
        public void learn(ServerCredential proved) {}

        @Override
        public ParameterSet defaultProfile() {
            return ParameterSet.EMPTY;
        }

        @Override
        public String endpoint() {
            return "none";
        }
    }

    private static final class NoAccounts implements ClientDirectory {
        @Override
        public HbaRules hba() {
            throw new IllegalStateException("nobody logs in here");
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
