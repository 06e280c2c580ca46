package io.pgdoorman.session;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.ServerHandler;
import io.pgdoorman.net.AttachedChannel;
import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.net.Transport;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.function.Consumer;

/**
 * Takes sessions and logins off their loops, and puts them on loops, of this process or another.
 *
 * <p>Threads: each call on the loop it is about.
 */
public final class SessionMoves {
    private static final Logger LOG = LoggerFactory.getLogger(SessionMoves.class);

    private final Sessions sessions;
    private final ClientServices services;
    private final Transport transport;

    public SessionMoves(Sessions sessions, ClientServices services, Transport transport) {
        this.sessions = sessions;
        this.services = services;
        this.transport = transport;
    }

    // ---- off ------------------------------------------------------------------------------------

    /**
     * Takes a session off its loop, with its server, wherever both are in what they do. The pool
     * still counts the server.
     *
     * @param onDetached called on this loop; null if its connection was lost in the attempt
     * @return false if it cannot be moved at this moment; it goes on, nothing is called
     */
    public boolean detach(Session session, Consumer<@Nullable MovingSession> onDetached) {
        if (!session.isMovable()) {
            return false;
        }
        Channel client = session.channel();
        Server server = session.server();
        FrozenSession frozen = session.freeze();
        sessions.onDetached(session);
        if (server != null) {
            session.shard().letGo(server);
        }
        var pair = new DetachedPair(frozen, session.shard().pool(), onDetached);
        // Both at once: what either sends meanwhile must find no handler.
        transport.detach(client, pair::onClient, pair::onLost);
        if (server != null) {
            transport.detach(server.channel(), pair::onServer, pair::onLost);
        }
        return true;
    }

    /** Waits for both connections of a session. Threads: confined to the session's loop. */
    private static final class DetachedPair {
        private final FrozenSession frozen;
        private final Pool pool;
        private final Consumer<@Nullable MovingSession> onDetached;
        private @Nullable DetachedSocket client;
        private @Nullable DetachedSocket server;
        private @Nullable Throwable failure;
        private int pending;

        DetachedPair(
                FrozenSession frozen, Pool pool, Consumer<@Nullable MovingSession> onDetached) {
            this.frozen = frozen;
            this.pool = pool;
            this.onDetached = onDetached;
            this.pending = frozen.server() == null ? 1 : 2;
        }

        void onClient(DetachedSocket socket) {
            client = socket;
            countDown();
        }

        void onServer(DetachedSocket socket) {
            server = socket;
            countDown();
        }

        void onLost(Throwable cause) {
            failure = cause;
            countDown();
        }

        private void countDown() {
            if (--pending > 0) {
                return;
            }
            DetachedSocket own = client;
            if (failure == null && own != null) {
                onDetached.accept(new MovingSession(frozen, own, server));
                return;
            }
            LOG.error("{} lost while it was taken off its loop", frozen.identity(), failure);
            if (own != null) {
                discard(own);
            }
            if (server != null) {
                discard(server);
            }
            pool.onLost(frozen.server());
            onDetached.accept(null);
        }
    }

    /**
     * Takes a login off its loop.
     *
     * @param onDetached called on this loop; null if its connection was lost in the attempt
     * @return false if it is over
     */
    public boolean detach(LoginHandler login, Consumer<@Nullable MovingLogin> onDetached) {
        FrozenLogin frozen = login.freeze();
        if (frozen == null) {
            return false;
        }
        transport.detach(
                login.channel(),
                own -> onDetached.accept(new MovingLogin(frozen, own)),
                cause -> {
                    LOG.warn(
                            "{} client lost while its login was taken off its loop",
                            new ConnectionId(frozen.id()),
                            cause);
                    onDetached.accept(null);
                });
        return true;
    }

    /**
     * Takes an admin console off its loop. A command under way is repeated where it goes on.
     *
     * @param onDetached called on this loop; null if its connection was lost in the attempt
     * @return false if it is over
     */
    public boolean detach(ConsoleClient console, Consumer<@Nullable MovingConsole> onDetached) {
        FrozenConsole frozen = console.freeze();
        if (frozen == null) {
            return false;
        }
        sessions.onDetached(console);
        transport.detach(
                console.channel(),
                own -> onDetached.accept(new MovingConsole(frozen, own)),
                cause -> {
                    LOG.warn("{} lost while it was taken off its loop", frozen.name(), cause);
                    onDetached.accept(null);
                });
        return true;
    }

    // ---- on -------------------------------------------------------------------------------------

    /**
     * The session goes on here. Its server is counted by the pool already.
     *
     * @param onDone called on the loop when it runs, or has come to its end
     */
    public void adopt(MovingSession moving, Pool pool, EventLoop loop, Runnable onDone) {
        Shard shard = pool.shard(loop);
        DetachedSocket serverSocket = moving.server();
        Consumer<Throwable> onFailed =
                cause -> {
                    LOG.error("{} could not go on", moving.state().identity(), cause);
                    onDone.run();
                };
        if (serverSocket == null) {
            transport.attach(
                    moving.client(),
                    loop,
                    client -> run(moving.state(), shard, client, null, onDone),
                    onFailed);
            return;
        }
        transport.attach(
                serverSocket,
                loop,
                server ->
                        transport.attach(
                                moving.client(),
                                loop,
                                client -> run(moving.state(), shard, client, server, onDone),
                                cause -> {
                                    server.channel().close();
                                    pool.onLost(moving.state().server());
                                    onFailed.accept(cause);
                                }),
                cause -> {
                    discard(moving.client());
                    pool.onLost(moving.state().server());
                    onFailed.accept(cause);
                });
    }

    private void run(
            FrozenSession frozen,
            Shard shard,
            AttachedChannel client,
            @Nullable AttachedChannel server,
            Runnable onDone) {
        Channel own = client.channel();
        Channel other = server == null ? null : server.channel();
        try {
            Session session;
            try {
                session = Session.thaw(frozen, sessions, shard, own, other);
            } catch (RuntimeException | OutOfMemoryError e) {
                shard.pool().onLost(frozen.server());
                throw e;
            }
            run(session, frozen, shard, client, server);
        } catch (RuntimeException | OutOfMemoryError e) {
            LOG.error("{} could not go on", frozen.identity(), e);
            own.close();
            if (other != null) {
                other.close();
            }
        }
        onDone.run();
    }

    private void run(
            Session session,
            FrozenSession frozen,
            Shard shard,
            AttachedChannel client,
            @Nullable AttachedChannel server) {
        Channel own = client.channel();
        own.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        own.pipeline().addLast(new ClientHandler(session, services.rehearse()));
        Server linked = session.server();
        if (linked != null) {
            linked.channel().pipeline().addLast(new ServerHandler(linked, services.rehearse()));
            shard.adopt(linked);
        }
        sessions.onAdopted(session);
        try {
            client.writeFirst();
            if (server != null) {
                server.writeFirst();
            }
            session.resume(frozen);
            session.updateReading();
            if (server != null && linked != null && !server.resume()) {
                linked.onLost();
            }
            if (!client.resume()) {
                // What its server said on the way may have closed it already.
                session.onInactive();
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            session.onFailure(e); // it is one of the sessions here, and gives back what it has
        }
    }

    /** The client of a session that cannot go on is told why; its server is closed. */
    public void refuse(MovingSession moving, EventLoop loop, ErrorResponse why, Runnable onDone) {
        ClientIdentity identity = moving.state().identity();
        LOG.warn(
                "{} client {} disconnected with error: {}",
                identity,
                identity.address(),
                why.fields());
        if (moving.server() != null) {
            discard(moving.server());
        }
        transport.attach(
                moving.client(),
                loop,
                client -> {
                    client.writeFirst();
                    ClientOutput.closeAfter(client.channel(), why);
                    onDone.run();
                },
                cause -> onDone.run());
    }

    /** The login goes on here. */
    public void adopt(MovingLogin moving, EventLoop loop, Runnable onDone) {
        FrozenLogin frozen = moving.state();
        transport.attach(
                moving.client(),
                loop,
                client -> {
                    client.writeFirst();
                    sessions.adoptLogin(client.channel(), frozen);
                    client.channel().config().setAutoRead(true);
                    client.resume(frozen.received());
                    onDone.run();
                },
                cause -> {
                    LOG.error("{} login could not go on", new ConnectionId(frozen.id()), cause);
                    onDone.run();
                });
    }

    /** The admin console goes on here, beginning with what it has not answered. */
    public void adopt(MovingConsole moving, EventLoop loop, Runnable onDone) {
        FrozenConsole frozen = moving.state();
        transport.attach(
                moving.client(),
                loop,
                client -> {
                    resume(frozen, client);
                    onDone.run();
                },
                cause -> {
                    LOG.error("{} could not go on", frozen.name(), cause);
                    onDone.run();
                });
    }

    private void resume(FrozenConsole frozen, AttachedChannel client) {
        ConsoleClient console = services.consoles().open(frozen);
        if (console == null) {
            client.channel().close();
            return;
        }
        client.writeFirst();
        client.channel().pipeline().addLast(console);
        sessions.onAdopted(console, client.channel());
        client.channel().config().setAutoRead(true);
        client.resume(frozen.input());
    }

    private static void discard(DetachedSocket socket) {
        try {
            socket.close();
        } catch (java.io.IOException e) {
            LOG.debug("descriptor not closed", e);
        }
    }
}
