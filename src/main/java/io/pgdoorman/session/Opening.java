package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.pool.Ticket;
import io.pgdoorman.pool.Waiter;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.BackendKeyData;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ParameterStatus;
import io.pgdoorman.wire.backend.ReadyForQuery;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * From a client that has proved who it is to its session or console: what it is told of the
 * server's parameters must be known first, if need be from a server.
 *
 * <p>Threads: confined to the client's loop.
 */
final class Opening implements Waiter {
    private static final Logger LOG = LoggerFactory.getLogger(Opening.class);

    /** Usual size of what a client gets when its login is done. */
    private static final int WELCOME_BYTES = 512;

    private final LoginHandler login;
    private final Sessions sessions;
    private final ClientServices services;
    private final StartupRequest request;
    private final String user;

    /** Before the parameters. */
    private final List<BackendMessage> messages;

    private ParameterSet profile = ParameterSet.EMPTY;
    private @Nullable Ticket ticket;
    private @Nullable Pool pool;

    Opening(
            LoginHandler login,
            Sessions sessions,
            ClientServices services,
            StartupRequest request,
            String user,
            List<BackendMessage> messages) {
        this.login = login;
        this.sessions = sessions;
        this.services = services;
        this.request = request;
        this.user = user;
        this.messages = List.copyOf(messages);
    }

    // ---- a session ------------------------------------------------------------------------------

    void openSession(Pool of) {
        pool = of;
        profile = of.source().profileOf(request.parameters());
        ParameterSet reported = of.reported(profile);
        if (reported != null) {
            finish(of, reported);
            return;
        }
        // The first client with these parameters: what PostgreSQL makes of them, a server must
        // tell.
        ticket = new Ticket(this);
        Server server = shard(of).acquire(ticket, profile);
        if (server != null) {
            onServer(server);
        }
    }

    private Shard shard(Pool of) {
        return of.shard(login.channel().eventLoop());
    }

    @Override
    public void onServer(Server server) {
        Pool of = Objects.requireNonNull(pool);
        if (login.isPreparing()) {
            ParameterSet reported = of.reported(profile);
            finish(of, reported == null ? server.parameters() : reported);
        }
        shard(of).release(server);
    }

    @Override
    public void onRefused(ErrorResponse reason) {
        if (login.isPreparing()) {
            LOG.warn(
                    "{} client {} startup failed: no server: {}",
                    login,
                    login.peer(),
                    reason.fields());
            login.close(reason.withSeverity(Severity.FATAL));
        }
    }

    /** The client does not wait for a server any more. */
    void leaveQueue() {
        Pool of = pool;
        if (of != null && ticket != null && ticket.isQueued()) {
            shard(of).leave(ticket);
        }
    }

    private void finish(Pool of, ParameterSet reported) {
        if (sessions.isShuttingDown()) {
            login.refuse(SqlState.CANNOT_CONNECT_NOW, "the pooler is shutting down");
            return;
        }
        if (of.isClosed()) {
            login.refuse(
                    SqlState.INVALID_CATALOG_NAME, "the pool was removed from the configuration");
            return;
        }
        String applicationName = applicationName(of, reported);
        int id = login.id();
        var identity =
                new ClientIdentity(
                        id,
                        request.database(),
                        user,
                        login.peer(),
                        sessions.newCancelKey(
                                id, request.version().isAtLeast(ProtocolVersion.V3_2)),
                        request.version(),
                        profile,
                        applicationName);
        ParameterSet parameters =
                of.interner()
                        .intern(reported.with(ClientParameters.APPLICATION_NAME, applicationName));
        writeWelcome(parameters, identity.cancelKey());
        ChannelHandlerContext ctx = login.context();
        login.onDone();
        var session = new Session(identity, sessions, shard(of), ctx.channel(), parameters);
        sessions.onLogin(session);
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        ctx.channel().config().setAutoRead(true);
        ctx.pipeline().replace(login, null, new ClientHandler(session, services.rehearse()));
    }

    /** Without a name of its own: the pool's, or the one its options set. */
    private String applicationName(Pool of, ParameterSet reported) {
        boolean own = !request.applicationName().isEmpty() && !of.settings().fixedApplicationName();
        return own
                ? request.applicationName()
                : Objects.requireNonNullElse(
                        reported.get(ClientParameters.APPLICATION_NAME),
                        of.settings().applicationName());
    }

    // ---- a console ------------------------------------------------------------------------------

    void openConsole(ClientDirectory.Operator who) {
        ConsoleClient console =
                services.consoles()
                        .open(
                                new FrozenConsole(
                                        login.id(),
                                        user,
                                        request.database(),
                                        who.mayChange(),
                                        false,
                                        false,
                                        List.of(),
                                        List.of(),
                                        new byte[0]));
        if (console == null) {
            login.refuse(SqlState.CANNOT_CONNECT_NOW, "this process has no admin console");
            return;
        }
        boolean longKey = request.version().isAtLeast(ProtocolVersion.V3_2);
        ParameterSet parameters =
                ParameterSet.of(
                        Map.of(
                                "client_encoding", "UTF8",
                                "DateStyle", "ISO, MDY",
                                "TimeZone", "Etc/UTC",
                                "integer_datetimes", "on",
                                "server_version", services.consoles().version(),
                                "server_encoding", "UTF8",
                                "standard_conforming_strings", "on",
                                "application_name",
                                        request.applicationName().isEmpty()
                                                ? "pg_doorman"
                                                : request.applicationName()));
        writeWelcome(parameters, sessions.newCancelKey(login.id(), longKey));
        LOG.info("{} admin console opened from {}", login, login.peer());
        ChannelHandlerContext ctx = login.context();
        login.onDone();
        Channel channel = ctx.channel();
        sessions.onConsole(console, channel);
        channel.config().setAutoRead(true);
        ctx.pipeline().replace(login, null, console);
    }

    /** All in one buffer: the fewer writes, the cheaper a short connection. */
    private void writeWelcome(ParameterSet parameters, CancelKey key) {
        ByteBuf out = login.context().alloc().buffer(WELCOME_BYTES);
        messages.forEach(message -> message.encode(out));
        request.notices().forEach(message -> message.encode(out));
        for (int i = 0; i < parameters.size(); i++) {
            new ParameterStatus(parameters.name(i), parameters.value(i)).encode(out);
        }
        new BackendKeyData(key).encode(out);
        new ReadyForQuery(TransactionStatus.IDLE).encode(out);
        login.send(out);
        login.context().flush();
    }
}
