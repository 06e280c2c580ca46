package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import io.pgdoorman.auth.ClientAuthentication;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.auth.ClientStep;
import io.pgdoorman.auth.Derivation;
import io.pgdoorman.auth.LoginRandom;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaRequest;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.log.LogSubject;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.pool.Ticket;
import io.pgdoorman.pool.Waiter;
import io.pgdoorman.tls.Handshake;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.tls.TlsException;
import io.pgdoorman.tls.TlsRecords;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.BackendKeyData;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ParameterStatus;
import io.pgdoorman.wire.backend.ReadyForQuery;
import io.pgdoorman.wire.backend.Severity;
import io.pgdoorman.wire.frontend.CancelRequest;
import io.pgdoorman.wire.frontend.GSSENCRequest;
import io.pgdoorman.wire.frontend.SSLRequest;
import io.pgdoorman.wire.frontend.StartupMessage;
import io.pgdoorman.wire.frontend.StartupPacket;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import javax.net.ssl.SSLException;

/**
 * The first handler of a client's channel: everything up to the first ReadyForQuery. Then a {@link
 * ClientHandler} with the session takes its place; bytes that came early go there.
 *
 * <pre>
 *   STARTUP ─ SSLRequest: 'S' ─► HANDSHAKE ─► STARTUP; or 'N', as to GSSENCRequest, ─► STARTUP
 *      ├─ a TLS record (direct TLS) ─► HANDSHAKE ─► STARTUP
 *      ├─ CancelRequest ─────────────────────────────────────────────────► closed
 *      └─ StartupMessage ─► [ASKING] ─► AUTHENTICATING ─► PREPARING ─► session
 *                      (host name, user)    (auth machine)    (what does PostgreSQL report?)
 * </pre>
 *
 * <p>ASKING is also between two steps of the authentication: while keys are derived, or a user is
 * looked up again.
 *
 * <p>Threads: confined to the channel's loop; keys are derived on the executor, host names and
 * users looked up on threads of their own.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public final class LoginHandler extends ByteToMessageDecoder implements Waiter, LogSubject {
    private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);

    /** First byte of a connection that begins with TLS: no startup packet is that long. */
    private static final byte TLS_HANDSHAKE = 22;

    /** Of a handshake that keeps a handover waiting. */
    private static final long MAX_HANDSHAKE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Usual size of what a client gets when its login is done. */
    private static final int WELCOME_BYTES = 512;

    /** Whoever comes where the rules ask for no password. */
    private static final ClientDirectory.Operator ANYBODY =
            new ClientDirectory.Operator(StoredSecret.parse(""), true);

    private enum Phase {
        STARTUP,
        HANDSHAKE,
        ASKING,
        AUTHENTICATING,
        PREPARING,
        DONE,
        CLOSED
    }

    private final Sessions sessions;
    private final ClientServices services;
    private final boolean overLimit;
    private final int id;
    private final LoginRandom random;
    private final LoginRecord record;
    private final long limitNanos;
    private final long beganNanos = System.nanoTime();

    private Phase phase = Phase.STARTUP;

    /** Set once on the loop, read by a handover. */
    private volatile @Nullable ChannelHandlerContext context;

    private @Nullable ScheduledFuture<?> deadline;
    private boolean sslRefused;
    private boolean gssRefused;

    /** What is read and written here is encrypted on its way. */
    private boolean encrypted;

    private @Nullable StartupRequest request;
    private ClientDirectory.@Nullable Account account;

    /** The configuration does not name the user. */
    private boolean lookedUp;

    /** A look-up was repeated because the password did not fit. */
    private boolean lookedUpAgain;

    /** Set if it is the admin console that the client wants. */
    private ClientDirectory.@Nullable Operator operator;

    /** Which line of pg_hba it was, for the log; empty if it was none. */
    private String refusedBy = "";

    private @Nullable ClientAuthentication authentication;
    private final List<BackendMessage> welcome = new ArrayList<>();
    private ParameterSet profile = ParameterSet.EMPTY;
    private @Nullable Ticket ticket;

    /**
     * @param overLimit there are too many clients already: only a cancel request is served
     * @param frozen a login that began elsewhere, which is repeated; null for a new one
     */
    LoginHandler(
            Sessions sessions,
            ClientServices services,
            int id,
            boolean overLimit,
            @Nullable FrozenLogin frozen) {
        this.sessions = sessions;
        this.services = services;
        this.id = id;
        this.overLimit = overLimit;
        this.random =
                new LoginRandom(
                        services.authentication(), frozen == null ? new byte[0] : frozen.random());
        this.record = new LoginRecord(frozen);
        long limit = sessions.settings().loginNanos();
        this.limitNanos =
                frozen == null || limit == 0 ? limit : Math.min(limit, frozen.nanosLeft());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        encrypted = TlsRecords.of(ctx.channel()) != null;
        if (limitNanos > 0) {
            deadline =
                    ctx.executor().schedule(() -> onDeadline(), limitNanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws Exception {
        record.received((ByteBuf) msg);
        super.channelRead(ctx, msg);
    }

    // ---- bytes ----------------------------------------------------------------------------------

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        boolean more = true;
        while (more) {
            more =
                    switch (phase) {
                        case STARTUP -> readStartupPacket(in);
                        case AUTHENTICATING -> readResponse(in);
                        case ASKING, PREPARING -> waitFor(ctx, in);
                        case HANDSHAKE, DONE -> false;
                        case CLOSED -> {
                            in.skipBytes(in.readableBytes());
                            yield false;
                        }
                    };
        }
    }

    private boolean readStartupPacket(ByteBuf in) {
        if (in.isReadable() && in.getByte(in.readerIndex()) == TLS_HANDSHAKE && !encrypted) {
            return beginDirectTls(in);
        }
        if (in.readableBytes() < Integer.BYTES) {
            return false;
        }
        int length = in.getInt(in.readerIndex());
        Frames.checkStartupLength(length);
        if (in.readableBytes() < length) {
            return false;
        }
        in.skipBytes(Integer.BYTES);
        switch (StartupPacket.decode(in.readSlice(length - Integer.BYTES))) {
            case SSLRequest _ -> onSslRequest(in);
            case GSSENCRequest _ -> {
                refuseEncryption(gssRefused, "GSSENCRequest");
                gssRefused = true;
            }
            case CancelRequest(CancelKey key) -> onCancel(key);
            case StartupMessage message -> onStartup(message);
        }
        return true;
    }

    private void refuseEncryption(boolean again, String name) {
        if (again) {
            throw new ProtocolException(name + " was answered already");
        }
        answer('N');
    }

    private void answer(char letter) {
        ByteBuf out = context().alloc().buffer(1);
        out.writeByte(letter);
        send(out);
        context().flush();
    }

    // ---- TLS ------------------------------------------------------------------------------------

    private void onSslRequest(ByteBuf in) {
        Optional<TlsContext> tls = address() == null ? Optional.empty() : sessions.tls().context();
        if (tls.isEmpty() || encrypted) {
            refuseEncryption(sslRefused || encrypted, "SSLRequest");
            sslRefused = true;
            return;
        }
        if (in.isReadable()) {
            // Bytes an attacker may have put there would count as the client's.
            throw new ProtocolException("received unencrypted data after SSL request");
        }
        answer('S');
        beginTls(tls.get(), Unpooled.EMPTY_BUFFER, false);
    }

    /** PostgreSQL 17 and later: the client begins with TLS, and says by ALPN what for. */
    private boolean beginDirectTls(ByteBuf in) {
        Optional<TlsContext> tls = address() == null ? Optional.empty() : sessions.tls().context();
        if (tls.isEmpty() || sslRefused || gssRefused) {
            throw new ProtocolException("a TLS handshake came where none is offered");
        }
        record.restart(); // the handshake has these bytes
        beginTls(tls.get(), in.readRetainedSlice(in.readableBytes()), true);
        return false;
    }

    private void beginTls(TlsContext tls, ByteBuf first, boolean direct) {
        phase = Phase.HANDSHAKE;
        Handshake.begin(
                context(),
                tls,
                "",
                0,
                first,
                new Handshake.Listener() {
                    @Override
                    public void onSecure(Handshake.Result result) {
                        if (direct && result.protocol().isEmpty()) {
                            onTlsFailed(
                                    "a direct TLS connection without ALPN: the client must offer"
                                            + " the protocol postgresql");
                            context().close();
                            return;
                        }
                        encrypted = true;
                        record.restart();
                        phase = Phase.STARTUP;
                    }

                    @Override
                    public void onFailed(Throwable cause) {
                        onTlsFailed(
                                cause.getMessage() == null ? cause.toString() : cause.getMessage());
                    }
                });
    }

    private void onTlsFailed(String reason) {
        if (phase != Phase.CLOSED) {
            phase = Phase.CLOSED;
            sessions.onRefused();
            sessions.onRejected(Rejection.TLS_HANDSHAKE_FAIL);
            LOG.warn("{} client {} TLS negotiation failed: {}", this, peer(), reason);
        }
    }

    private boolean readResponse(ByteBuf in) {
        if (in.readableBytes() < Frames.HEADER_BYTES) {
            return false;
        }
        byte type = in.getByte(in.readerIndex());
        int length = in.getInt(in.readerIndex() + 1);
        ClientAuthentication auth = authentication();
        if (type != FrontendType.PASSWORD_MESSAGE) {
            take(auth.onUnexpected(type));
            return true;
        }
        Frames.checkFrontendLength(type, length);
        if (in.readableBytes() < 1 + length) {
            return false;
        }
        in.skipBytes(Frames.HEADER_BYTES);
        take(auth.onMessage(in.readSlice(length - Integer.BYTES)));
        return true;
    }

    /** A client that sends its first query before it is asked to: that waits in its socket. */
    private static boolean waitFor(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.isReadable()) {
            ctx.channel().config().setAutoRead(false);
        }
        return false;
    }

    // ---- startup packet -------------------------------------------------------------------------

    private void onCancel(CancelKey key) {
        LOG.info("{} Cancel request from {}", this, peer());
        phase = Phase.CLOSED;
        sessions.onLoginEnd(this);
        // PostgreSQL closes when the signal is sent: the client may send its next query then.
        Channel channel = context().channel();
        sessions.cancel(key, channel::close);
    }

    private void onStartup(StartupMessage message) {
        StartupRequest parsed = StartupRequest.of(message);
        request = parsed;
        phase = Phase.AUTHENTICATING;
        boolean console = Consoles.DATABASES.contains(parsed.database());
        if (overLimit && !console) {
            sessions.onRejected(Rejection.TOO_MANY_CLIENTS);
            sessions.logTooMany(this, peer());
            close(
                    ErrorResponse.of(
                            Severity.FATAL,
                            SqlState.TOO_MANY_CONNECTIONS,
                            "sorry, too many clients already"));
            return;
        }
        if (parsed.user().isEmpty()) {
            sessions.onRejected(Rejection.INVALID_STARTUP);
            refuse(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "no PostgreSQL user name specified in startup packet");
            return;
        }
        if (parsed.replication()) {
            sessions.onRejected(Rejection.INVALID_STARTUP);
            refuse(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "replication connections do not go through the pooler; connect to PostgreSQL");
            return;
        }
        if (!encrypted && address() != null && sessions.tls().isRequired()) {
            sessions.onRejected(Rejection.TLS_REQUIRED);
            refuse(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "Connection without SSL is not allowed by tls_mode.");
            return;
        }
        parsed.negotiation().ifPresent(welcome::add);
        HbaRules rules = sessions.directory().hba();
        InetAddress peer = address();
        var asked = new HbaRequest(peer == null, encrypted, parsed.database(), parsed.user(), peer);
        if (peer != null && rules.needsHostName(asked)) {
            resolve(parsed, rules, asked, peer);
        } else {
            onRule(parsed, rules.decide(asked, ""));
        }
    }

    /** A rule has a host name: that of the client's address is looked up off the loop. */
    private void resolve(
            StartupRequest parsed, HbaRules rules, HbaRequest asked, InetAddress peer) {
        await(
                sessions.directory().hostName(peer),
                name -> onRule(parsed, rules.decide(asked, name)),
                _ -> onRule(parsed, rules.decide(asked, "")));
    }

    private void onRule(StartupRequest parsed, Optional<HbaRule> rule) {
        HbaMethod method = rule.map(HbaRule::method).orElse(HbaMethod.REJECT);
        if (method == HbaMethod.REJECT) {
            refusedBy = " (%s)".formatted(rule.map(HbaRule::place).orElse("no line matches"));
        }
        ClientDirectory directory = sessions.directory();
        if (Consoles.DATABASES.contains(parsed.database())) {
            beginConsole(parsed, method);
            return;
        }
        Optional<ClientDirectory.Account> found = directory.find(parsed.database(), parsed.user());
        if (method != HbaMethod.REJECT && !directory.hasDatabase(parsed.database())) {
            refuse(
                    SqlState.INVALID_CATALOG_NAME,
                    "No connection pool configured for database: %s, user: %s. Please check your connection parameters."
                            .formatted(parsed.database(), parsed.user()));
            return;
        }
        if (found.isEmpty() && method != HbaMethod.REJECT) {
            CompletableFuture<Optional<ClientDirectory.Account>> asked =
                    directory.lookUp(parsed.database(), parsed.user(), false);
            if (asked != null) {
                lookedUp = true;
                await(
                        asked,
                        answer -> admit(parsed, method, answer),
                        failure -> onNotLookedUp(parsed, failure));
                return;
            }
        }
        if (method == HbaMethod.TRUST && found.isEmpty()) {
            refuse(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "No connection pool configured for database: %s, user: %s. Please check your connection parameters."
                            .formatted(parsed.database(), parsed.user()));
            return;
        }
        admit(parsed, method, found);
    }

    private void admit(
            StartupRequest parsed, HbaMethod method, Optional<ClientDirectory.Account> found) {
        account = found.orElse(null);
        if (account != null && account.pool().isDisabled()) {
            refuse(
                    SqlState.CANNOT_CONNECT_NOW,
                    "database \"%s\" is disabled by the administrator"
                            .formatted(parsed.database()));
            return;
        }
        begin(parsed, method, found.map(ClientDirectory.Account::secret).orElse(null));
    }

    // ---- users that are looked up ---------------------------------------------------------------

    /** Goes on with the answer: at once if it is there, else on the loop if the client still is. */
    private <T> void await(
            CompletableFuture<T> asked, Consumer<T> onAnswer, Consumer<Throwable> onFailure) {
        if (asked.isDone() && !asked.isCompletedExceptionally()) {
            onAnswer.accept(asked.join());
            return;
        }
        phase = Phase.ASKING;
        asked.whenCompleteAsync(
                (answer, failure) -> {
                    if (phase == Phase.ASKING) {
                        phase = Phase.AUTHENTICATING;
                        goOn(
                                () -> {
                                    if (failure == null) {
                                        onAnswer.accept(answer);
                                    } else {
                                        onFailure.accept(failure);
                                    }
                                });
                    }
                },
                context().executor());
    }

    /**
     * A step that somebody else has called, who would swallow what it throws. Then what came
     * meanwhile is read: a login that is repeated after a handover has all its messages at once.
     */
    private void goOn(Runnable step) {
        try {
            step.run();
            if (!context().isRemoved()) {
                super.channelRead(context(), Unpooled.EMPTY_BUFFER);
            }
        } catch (Exception e) {
            exceptionCaught(context(), e);
        }
    }

    private void onNotLookedUp(StartupRequest parsed, Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        LOG.warn(
                "{} client {} startup failed: user \"{}\" could not be looked up: {}",
                this,
                peer(),
                parsed.user(),
                cause.getMessage());
        sessions.directory().onLookedUp(parsed.database(), false);
        close(
                ErrorResponse.of(
                        Severity.FATAL,
                        SqlState.SYSTEM_ERROR,
                        "Authentication service unavailable. Please try again later."));
    }

    /** The password does not fit; perhaps it has been changed since it was looked up. */
    private boolean lookUpAgain(ClientStep.Refused refused) {
        StartupRequest parsed = request;
        ClientDirectory.Account known = account;
        if (parsed == null || known == null || !lookedUp || lookedUpAgain) {
            return false;
        }
        boolean wrongPassword =
                SqlState.INVALID_PASSWORD.equals(refused.error().fields().sqlState());
        CompletableFuture<Optional<ClientDirectory.Account>> asked =
                wrongPassword
                        ? sessions.directory().lookUp(parsed.database(), parsed.user(), true)
                        : null;
        if (asked == null) {
            return false;
        }
        lookedUpAgain = true;
        await(
                asked,
                answer -> {
                    account = answer.orElse(known);
                    take(
                            answer.map(found -> authentication().compareAgain(found.secret()))
                                    .orElse(refused));
                },
                _ -> take(refused));
        return true;
    }

    private void beginConsole(StartupRequest parsed, HbaMethod method) {
        Optional<ClientDirectory.Operator> found = sessions.directory().operator(parsed.user());
        operator = found.orElse(null);
        if (operator == null && method == HbaMethod.TRUST) {
            operator = ANYBODY;
        }
        begin(parsed, method, found.map(ClientDirectory.Operator::secret).orElse(null));
    }

    private void begin(StartupRequest parsed, HbaMethod method, @Nullable StoredSecret secret) {
        if (method == HbaMethod.REJECT) {
            sessions.onRejected(Rejection.HBA);
        }
        var auth =
                new ClientAuthentication(
                        services.authentication(),
                        random,
                        new ClientLogin(parsed.user(), parsed.database(), peer(), encrypted),
                        method,
                        secret);
        authentication = auth;
        // NegotiateProtocolVersion comes before anything else.
        welcome.forEach(this::write);
        welcome.clear();
        take(auth.begin());
    }

    // ---- authentication -------------------------------------------------------------------------

    private void take(ClientStep step) {
        switch (step) {
            case ClientStep.Send(BackendMessage message) -> {
                phase = Phase.AUTHENTICATING;
                context().channel().config().setAutoRead(true);
                write(message);
                context().flush();
            }
            case ClientStep.Derive(Derivation work) -> derive(work);
            case ClientStep.Accepted(List<BackendMessage> messages, ServerCredential proved) ->
                    onAccepted(messages, proved);
            case ClientStep.Refused refused when lookUpAgain(refused) -> {}
            case ClientStep.Refused(ErrorResponse error, String reason) -> {
                if (lookedUp && request != null) {
                    sessions.directory().onLookedUp(request.database(), false);
                }
                LOG.warn(
                        "{} client {} startup failed: login refused: {}{}",
                        this,
                        peer(),
                        reason,
                        refusedBy);
                close(error);
            }
        }
    }

    private void derive(Derivation work) {
        try {
            await(
                    CompletableFuture.supplyAsync(work, services.executor()),
                    keys -> take(authentication().onDerived(keys)),
                    failure -> exceptionCaught(context(), failure));
        } catch (RejectedExecutionException e) {
            refuse(SqlState.TOO_MANY_CONNECTIONS, "too many logins at the same time");
        }
    }

    private void onAccepted(List<BackendMessage> messages, ServerCredential proved) {
        ClientDirectory.Account user = account;
        StartupRequest parsed = request;
        if (operator != null && parsed != null) {
            welcome.addAll(messages);
            openConsole(parsed, operator);
            return;
        }
        if (user == null || parsed == null) {
            refuse(SqlState.INVALID_PASSWORD, "password authentication failed");
            return;
        }
        welcome.addAll(messages);
        Pool pool = user.pool();
        if (lookedUp) {
            sessions.directory().onLookedUp(parsed.database(), true);
        }
        if (user.passThrough()) {
            pool.source().learn(proved);
        }
        profile = pool.source().profileOf(parsed.parameters());
        phase = Phase.PREPARING;
        ParameterSet reported = pool.reported(profile);
        if (reported != null) {
            finish(reported);
            return;
        }
        // The first client with these parameters: what PostgreSQL makes of them, a server must
        // tell.
        Shard shard = shard(pool);
        ticket = new Ticket(this);
        Server server = shard.acquire(ticket, profile);
        if (server != null) {
            onServer(server);
        }
    }

    @Override
    public void onServer(Server server) {
        Pool pool = accountPool();
        if (phase == Phase.PREPARING) {
            ParameterSet reported = pool.reported(profile);
            finish(reported == null ? server.parameters() : reported);
        }
        shard(pool).release(server);
    }

    @Override
    public void onRefused(ErrorResponse reason) {
        if (phase == Phase.PREPARING) {
            LOG.warn("{} client {} startup failed: no server: {}", this, peer(), reason.fields());
            close(reason.withSeverity(Severity.FATAL));
        }
    }

    // ---- the session ----------------------------------------------------------------------------

    private void finish(ParameterSet reported) {
        StartupRequest parsed = request;
        if (parsed == null) {
            return;
        }
        if (sessions.isShuttingDown()) {
            refuse(SqlState.CANNOT_CONNECT_NOW, "the pooler is shutting down");
            return;
        }
        ChannelHandlerContext ctx = context();
        Pool pool = accountPool();
        if (pool.isClosed()) {
            refuse(SqlState.INVALID_CATALOG_NAME, "the pool was removed from the configuration");
            return;
        }
        // Without a name of its own: the pool's, or the one its options set.
        boolean ownName =
                !parsed.applicationName().isEmpty() && !pool.settings().fixedApplicationName();
        String applicationName =
                ownName
                        ? parsed.applicationName()
                        : Objects.requireNonNullElse(
                                reported.get(ClientParameters.APPLICATION_NAME),
                                pool.settings().applicationName());
        var identity =
                new ClientIdentity(
                        id,
                        parsed.database(),
                        parsed.user(),
                        peer(),
                        sessions.newCancelKey(id, parsed.version().isAtLeast(ProtocolVersion.V3_2)),
                        parsed.version(),
                        profile,
                        applicationName);
        ParameterSet parameters =
                pool.interner()
                        .intern(reported.with(ClientParameters.APPLICATION_NAME, applicationName));
        writeWelcome(parsed, parameters, identity.cancelKey());
        endDeadline();
        phase = Phase.DONE;
        sessions.onLoginEnd(this);
        record.forget();
        var session = new Session(identity, sessions, shard(pool), ctx.channel(), parameters);
        sessions.onLogin(session);
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        ctx.channel().config().setAutoRead(true);
        ctx.pipeline().replace(this, null, new ClientHandler(session, services.rehearse()));
    }

    private void openConsole(StartupRequest parsed, ClientDirectory.Operator who) {
        ConsoleClient console =
                services.consoles()
                        .open(
                                new FrozenConsole(
                                        id,
                                        parsed.user(),
                                        parsed.database(),
                                        who.mayChange(),
                                        false,
                                        false,
                                        List.of(),
                                        List.of(),
                                        new byte[0]));
        if (console == null) {
            refuse(SqlState.CANNOT_CONNECT_NOW, "this process has no admin console");
            return;
        }
        boolean longKey = parsed.version().isAtLeast(ProtocolVersion.V3_2);
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
                                        parsed.applicationName().isEmpty()
                                                ? "pg_doorman"
                                                : parsed.applicationName()));
        writeWelcome(parsed, parameters, sessions.newCancelKey(id, longKey));
        endDeadline();
        phase = Phase.DONE;
        sessions.onLoginEnd(this);
        record.forget();
        LOG.info("{} admin console opened from {}", this, peer());
        ChannelHandlerContext ctx = context();
        sessions.onConsole(console, ctx.channel());
        ctx.channel().config().setAutoRead(true);
        ctx.pipeline().replace(this, null, console);
    }

    /** All in one buffer: the fewer writes, the cheaper a short connection. */
    private void writeWelcome(StartupRequest parsed, ParameterSet parameters, CancelKey key) {
        ByteBuf out = context().alloc().buffer(WELCOME_BYTES);
        welcome.forEach(message -> message.encode(out));
        parsed.notices().forEach(message -> message.encode(out));
        for (int i = 0; i < parameters.size(); i++) {
            new ParameterStatus(parameters.name(i), parameters.value(i)).encode(out);
        }
        new BackendKeyData(key).encode(out);
        new ReadyForQuery(TransactionStatus.IDLE).encode(out);
        send(out);
        context().flush();
    }

    // ---- the end --------------------------------------------------------------------------------

    private void onDeadline() {
        if (phase != Phase.DONE && phase != Phase.CLOSED) {
            LOG.warn("{} client {} startup failed: login_timeout", this, peer());
            leaveQueue();
            close(
                    ErrorResponse.of(
                            Severity.FATAL,
                            SqlState.PROTOCOL_VIOLATION,
                            "the login did not end within login_timeout"));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        boolean open = phase != Phase.DONE;
        sessions.onLoginEnd(this);
        record.forget();
        leaveQueue();
        endDeadline();
        if (open) {
            phase = Phase.CLOSED;
        }
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable reason = cause.getCause() == null ? cause : cause.getCause();
        if (reason instanceof ProtocolException violation) {
            if (authentication == null && phase != Phase.CLOSED) {
                sessions.onRejected(Rejection.PROTOCOL_ERROR);
            }
            LOG.warn(
                    "{} client {} startup failed: protocol violation: {}",
                    this,
                    peer(),
                    violation.getMessage());
            close(
                    ErrorResponse.of(
                            Severity.FATAL,
                            violation.sqlState(),
                            String.valueOf(violation.getMessage())));
        } else if (reason instanceof SSLException) {
            LOG.debug("{} TLS handshake", this, reason); // told already
            ctx.close();
        } else if (reason instanceof TlsException) {
            LOG.warn("{} client {} startup failed: TLS: {}", this, peer(), reason.getMessage());
            ctx.close();
        } else if (reason instanceof IOException) {
            LOG.debug("{} connection lost: {}", this, reason.toString());
            ctx.close();
        } else {
            LOG.error("{} unexpected failure during login", this, reason);
            close(
                    ErrorResponse.of(
                            Severity.FATAL,
                            SqlState.INTERNAL_ERROR,
                            "internal error of the pooler"));
        }
    }

    private void refuse(String sqlState, String message) {
        LOG.warn("{} client {} startup failed: {}", this, peer(), message);
        close(ErrorResponse.of(Severity.FATAL, sqlState, message));
    }

    private void close(ErrorResponse error) {
        if (phase == Phase.CLOSED) {
            return;
        }
        phase = Phase.CLOSED;
        sessions.onRefused();
        sessions.onLoginEnd(this);
        record.forget();
        leaveQueue();
        endDeadline();
        ClientOutput.closeAfter(context().channel(), error);
    }

    private void leaveQueue() {
        if (ticket != null && ticket.isQueued()) {
            shard(accountPool()).leave(ticket);
        }
    }

    private void endDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    // ---- small ----------------------------------------------------------------------------------

    private void write(BackendMessage message) {
        ByteBuf out = context().alloc().buffer(128);
        message.encode(out);
        send(out);
    }

    /** Writes without flush what the client has not got yet. Consumes {@code out}. */
    private void send(ByteBuf out) {
        switch (record.sent(out)) {
            case NEW -> context().write(out, context().voidPromise());
            case KNOWN -> out.release();
            case DIFFERENT -> {
                out.release();
                LOG.warn("{} client {} startup failed: its rules have changed", this, peer());
                close(
                        ErrorResponse.of(
                                Severity.FATAL,
                                SqlState.ADMIN_SHUTDOWN,
                                "terminating connection due to administrator command"));
            }
        }
    }

    // ---- freeze ---------------------------------------------------------------------------------

    Channel channel() {
        return context().channel();
    }

    /** Where it is; null before it is in a pipeline. Any thread. */
    public @Nullable EventLoop loop() {
        ChannelHandlerContext ctx = context;
        return ctx == null ? null : ctx.channel().eventLoop();
    }

    /** The login as data; this object is of no use afterwards. Null if it is over. */
    @Nullable FrozenLogin freeze() {
        if (phase == Phase.DONE || phase == Phase.CLOSED) {
            return null;
        }
        if (phase == Phase.HANDSHAKE && !mayMoveInHandshake()) {
            return null;
        }
        context().flush();
        leaveQueue();
        endDeadline();
        phase = Phase.CLOSED;
        sessions.onLoginEnd(this);
        long left =
                limitNanos == 0 ? 0 : Math.max(1, limitNanos - (System.nanoTime() - beganNanos));
        FrozenLogin frozen = record.freeze(id, overLimit, random.used(), left);
        record.forget();
        return frozen;
    }

    /**
     * A handshake that has been answered comes to its end here. It takes one more message of the
     * client's; nobody waits longer for that.
     */
    private boolean mayMoveInHandshake() {
        Handshake handshake = Handshake.of(context().channel());
        if (handshake == null || handshake.isMovable()) {
            return true;
        }
        if (handshake.ageNanos() > MAX_HANDSHAKE_NANOS) {
            onTlsFailed("it was not over when the process was replaced");
            context().close();
        }
        return false;
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    private ClientAuthentication authentication() {
        ClientAuthentication auth = authentication;
        if (auth == null) {
            throw new IllegalStateException("no authentication before the startup packet");
        }
        return auth;
    }

    private Pool accountPool() {
        ClientDirectory.Account user = account;
        if (user == null) {
            throw new IllegalStateException("no account before the startup packet");
        }
        return user.pool();
    }

    private Shard shard(Pool pool) {
        return pool.shard(context().channel().eventLoop());
    }

    private @Nullable InetAddress address() {
        return context().channel().remoteAddress() instanceof InetSocketAddress tcp
                ? tcp.getAddress()
                : null;
    }

    private String peer() {
        return peer(context().channel());
    }

    /** Who is at the other end, for log lines. */
    static String peer(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress tcp
                ? tcp.getAddress().getHostAddress() + ":" + tcp.getPort()
                : "unix:";
    }

    /** Until it is known that there is such an account, a client may claim any. */
    @Override
    public String pool() {
        ClientDirectory.Account user = account;
        return user == null ? "" : user.pool().name();
    }

    @Override
    public boolean isKnown() {
        return false;
    }

    /** The prefix of log lines about this client. */
    @Override
    public String toString() {
        StartupRequest parsed = request;
        return parsed == null
                ? "[#c" + id + "]"
                : "[" + parsed.user() + "@" + parsed.database() + " #c" + id + "]";
    }
}
