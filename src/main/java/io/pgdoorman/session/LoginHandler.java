package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import io.pgdoorman.auth.ChannelBindings;
import io.pgdoorman.auth.ClientAuthentication;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.auth.ClientStep;
import io.pgdoorman.auth.LoginRandom;
import io.pgdoorman.log.LogSubject;
import io.pgdoorman.net.PausingDecoder;
import io.pgdoorman.tls.TlsException;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;
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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The first handler of a client's channel: everything up to the first ReadyForQuery. Then a {@link
 * ClientHandler} with the session takes its place; bytes that came early go there.
 *
 * <pre>
 *   STARTUP ─ {@link LoginTls} ─► [HANDSHAKE] ─► STARTUP
 *      ├─ CancelRequest ─────────────────────────────────────────────────► closed
 *      └─ StartupMessage ─► [ASKING] ─► AUTHENTICATING ─► PREPARING ─► session
 *                           └── {@link Admission} ─────┘  └ {@link Opening} ┘
 * </pre>
 *
 * <p>ASKING is also between two steps of the authentication: while keys are derived, another
 * authority is asked, or a user is looked up again; and while a refusal is delayed.
 *
 * <p>Threads: confined to the channel's loop; keys are derived on the executor, host names, users
 * and other authorities asked on threads of their own.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public final class LoginHandler extends PausingDecoder implements LogSubject {
    private static final Logger LOG = LoggerFactory.getLogger(LoginHandler.class);

    /** So long a handover waits for a step of a login that cannot be repeated. */
    static final long MAX_UNMOVABLE_NANOS = TimeUnit.SECONDS.toNanos(5);

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
    private final LoginTls tls;
    private final long limitNanos;
    private final long beganNanos = System.nanoTime();

    private Phase phase = Phase.STARTUP;

    /** Set once on the loop, read by a handover. */
    private volatile @Nullable ChannelHandlerContext context;

    private @Nullable ScheduledFuture<?> deadline;
    private @Nullable StartupRequest request;
    private @Nullable Admission admission;
    private @Nullable Opening opening;

    private final Proof proof;

    /** It goes on in another process, which tells what comes of it. */
    private boolean moved;

    /** Who the client has proved to be. */
    private String identity = "";

    private boolean audited;

    /** Comes before anything else that is sent; null if there is none, or none any more. */
    private @Nullable BackendMessage negotiation;

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
        this.tls =
                new LoginTls(
                        this, sessions, frozen == null ? ChannelBindings.NONE : frozen.bindings());
        this.proof = new Proof(this, services, frozen == null ? null : frozen.verdict());
        long limit = sessions.settings().loginNanos();
        this.limitNanos =
                frozen == null || limit == 0 ? limit : Math.min(limit, frozen.nanosLeft());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        tls.onAdded(ctx);
        if (limitNanos > 0) {
            deadline =
                    ctx.executor().schedule(() -> onDeadline(), limitNanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws Exception {
        if (phase != Phase.CLOSED) {
            record.received((ByteBuf) msg);
        }
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
        if (tls.beginsWithTls(in)) {
            tls.beginDirect(in);
            return false;
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
            case SSLRequest _ -> tls.onSslRequest(in);
            case GSSENCRequest _ -> tls.onGssRequest();
            case CancelRequest(CancelKey key) -> onCancel(key);
            case StartupMessage message -> onStartup(message);
        }
        return true;
    }

    private boolean readResponse(ByteBuf in) {
        if (in.readableBytes() < Frames.HEADER_BYTES) {
            return false;
        }
        byte type = in.getByte(in.readerIndex());
        int length = in.getInt(in.readerIndex() + 1);
        ClientAuthentication auth = admission().authentication();
        if (type != FrontendType.PASSWORD_MESSAGE) {
            proof.take(auth.onUnexpected(type));
            return true;
        }
        Frames.checkFrontendLength(type, length);
        if (in.readableBytes() < 1 + length) {
            return false;
        }
        in.skipBytes(Frames.HEADER_BYTES);
        proof.take(auth.onMessage(in.readSlice(length - Integer.BYTES)));
        return true;
    }

    /** A client that sends its first query before it is asked to: that waits in its socket. */
    private static boolean waitFor(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.isReadable()) {
            ctx.channel().config().setAutoRead(false);
        }
        return false;
    }

    // ---- TLS ------------------------------------------------------------------------------------

    void onHandshake() {
        phase = Phase.HANDSHAKE;
    }

    /** The connection is encrypted from here on. */
    void onSecure() {
        record.restart();
        phase = Phase.STARTUP;
    }

    void restartRecord() {
        record.restart();
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
        negotiation = parsed.negotiation().orElse(null);
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
        if (!tls.isEncrypted() && address() != null && sessions.tls().isRequired()) {
            sessions.onRejected(Rejection.TLS_REQUIRED);
            refuse(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "Connection without SSL is not allowed by tls_mode.");
            return;
        }
        var client =
                new ClientLogin(
                        parsed.user(),
                        parsed.database(),
                        peer(),
                        tls.isEncrypted(),
                        tls.certificate(),
                        tls.bindings());
        var begun = new Admission(this, sessions, services, random, parsed, client, address());
        admission = begun;
        begun.begin();
    }

    // ---- waiting --------------------------------------------------------------------------------

    /** Goes on with the answer: at once if it is there, else on the loop if the client still is. */
    <T> void await(
            CompletableFuture<T> asked, Consumer<T> onAnswer, Consumer<Throwable> onFailure) {
        await(asked, onAnswer, onFailure, _ -> {});
    }

    /**
     * @param onLate what is done with the answer if the client is gone by then
     */
    <T> void await(
            CompletableFuture<T> asked,
            Consumer<T> onAnswer,
            Consumer<Throwable> onFailure,
            Consumer<@Nullable T> onLate) {
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
                    } else if (!moved) {
                        onLate.accept(answer);
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

    // ---- authentication -------------------------------------------------------------------------

    /** The first step. */
    void onChallenge(ClientStep step) {
        BackendMessage first = negotiation;
        if (first != null) {
            negotiation = null;
            write(first);
        }
        proof.take(step);
    }

    /** The client's next message is an answer to this one. */
    void challenge(BackendMessage message) {
        phase = Phase.AUTHENTICATING;
        context().channel().config().setAutoRead(true);
        write(message);
        context().flush();
    }

    /** The client has proved who it is. */
    void onAccepted(ClientStep.Accepted accepted) {
        Admission admitting = admission();
        admitting.onAccepted(accepted);
        sessions.failedLogins().onSuccess(address(), admitting.client().user());
        identity = accepted.identity();
        StartupRequest parsed = request;
        if (parsed == null) {
            throw new IllegalStateException("no login before the startup packet");
        }
        var opened =
                new Opening(
                        this,
                        sessions,
                        services,
                        parsed.from(accepted.application()),
                        admitting.user(accepted),
                        accepted.messages());
        opening = opened;
        Optional<ClientDirectory.Operator> operator = admitting.operator();
        Optional<ClientDirectory.Account> account = admitting.account();
        if (operator.isPresent()) {
            opened.openConsole(operator.get());
        } else if (account.isPresent() && account.get().pool().isDisabled()) {
            // Not before the proof: who has none must not learn which users there are.
            refuse(
                    SqlState.CANNOT_CONNECT_NOW,
                    "database \"%s\" is disabled by the administrator"
                            .formatted(parsed.database()));
        } else if (account.isPresent()) {
            phase = Phase.PREPARING;
            opened.openSession(account.get().pool());
        } else {
            refuse(SqlState.INVALID_PASSWORD, "password authentication failed");
        }
    }

    /** The client hears of its refusal later. */
    void closeLater(ErrorResponse error, long nanos) {
        phase = Phase.ASKING;
        ScheduledFuture<?> end =
                context().executor().schedule(() -> close(error), nanos, TimeUnit.NANOSECONDS);
        context().channel().closeFuture().addListener(_ -> end.cancel(false));
    }

    /** Whether the client waits for what PostgreSQL reports. */
    boolean isPreparing() {
        return phase == Phase.PREPARING;
    }

    // ---- the end --------------------------------------------------------------------------------

    /** The client has been told that it is logged in. */
    void onDone() {
        letGo();
        phase = Phase.DONE;
        if (sessions.settings().audit()) {
            AuditLog.admitted(this, identity);
        }
        sessions.onLoginEnd(this);
        record.forget();
    }

    private void onDeadline() {
        if (phase != Phase.DONE && phase != Phase.CLOSED) {
            LOG.warn("{} client {} startup failed: login_timeout", this, peer());
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
        letGo();
        if (open && phase != Phase.CLOSED && !proof.isChecked()) {
            auditGone();
        }
        if (open) {
            phase = Phase.CLOSED;
        }
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable reason = cause.getCause() == null ? cause : cause.getCause();
        if (reason instanceof ProtocolException violation) {
            boolean early = admission == null || !admission.hasBegun();
            if (early && phase != Phase.CLOSED) {
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
        } else if (reason instanceof TlsException) {
            LOG.warn("{} client {} startup failed: TLS: {}", this, peer(), reason.getMessage());
            audit(SqlState.PROTOCOL_VIOLATION, "TLS: " + reason.getMessage());
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

    void refuse(String sqlState, String message) {
        LOG.warn("{} client {} startup failed: {}", this, peer(), message);
        close(ErrorResponse.of(Severity.FATAL, sqlState, message));
    }

    void close(ErrorResponse error) {
        if (phase == Phase.CLOSED) {
            return;
        }
        phase = Phase.CLOSED;
        audit(error.sqlState(), error.message());
        sessions.onRefused();
        sessions.onLoginEnd(this);
        record.forget();
        letGo();
        ClientOutput.closeAfter(context().channel(), error);
    }

    /** Nothing is said or heard any more; false if that is so already. */
    boolean end() {
        boolean open = phase != Phase.CLOSED;
        phase = Phase.CLOSED;
        return open;
    }

    // ---- audit ----------------------------------------------------------------------------------

    /** How the login ended, if it was not admitted; the first word counts. */
    void audit(String sqlState, String reason) {
        if (!audited && sessions.settings().audit()) {
            AuditLog.refused(this, sqlState, reason);
        }
        audited = true;
    }

    /** The client is gone; who has said nothing before, as a health check, has tried no login. */
    void auditGone() {
        if (request != null) {
            audit(SqlState.CONNECTION_FAILURE, "the client has left");
        }
    }

    boolean isEncrypted() {
        return tls.isEncrypted();
    }

    Optional<Admission> begun() {
        return Optional.ofNullable(admission);
    }

    Optional<StartupRequest> asked() {
        return Optional.ofNullable(request);
    }

    /** Of what others hold for this login: its place in a queue, timers. */
    private void letGo() {
        Opening opened = opening;
        if (opened != null) {
            opened.leaveQueue();
        }
        if (deadline != null) {
            deadline.cancel(false);
        }
        proof.letGo();
    }

    // ---- output ---------------------------------------------------------------------------------

    /** To a request for encryption. */
    void answer(char letter) {
        ByteBuf out = context().alloc().buffer(1);
        out.writeByte(letter);
        send(out);
        context().flush();
    }

    private void write(BackendMessage message) {
        ByteBuf out = context().alloc().buffer(128);
        message.encode(out);
        send(out);
    }

    /** Writes without flush what the client has not got yet. Consumes {@code out}. */
    void send(ByteBuf out) {
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

    public Channel channel() {
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
        if (phase == Phase.HANDSHAKE && !tls.mayMove()) {
            return null;
        }
        ErrorResponse refusal = proof.refusalThatWaits();
        if (refusal != null) {
            close(refusal); // rather early than asked for the password once more
            return null;
        }
        if (proof.isAskedSinceLessThan(MAX_UNMOVABLE_NANOS)) {
            return null; // a password for one time would be wrong if it were shown again
        }
        context().flush();
        letGo();
        moved = true;
        phase = Phase.CLOSED;
        sessions.onLoginEnd(this);
        long left =
                limitNanos == 0 ? 0 : Math.max(1, limitNanos - (System.nanoTime() - beganNanos));
        FrozenLogin frozen =
                record.freeze(id, overLimit, random.used(), left, tls.bindings(), proof.verdict());
        record.forget();
        return frozen;
    }

    // ---- small ----------------------------------------------------------------------------------

    ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    Admission admission() {
        Admission admitting = admission;
        if (admitting == null) {
            throw new IllegalStateException("no authentication before the startup packet");
        }
        return admitting;
    }

    int id() {
        return id;
    }

    /** Null for a Unix socket. */
    @Nullable InetAddress address() {
        return context().channel().remoteAddress() instanceof InetSocketAddress tcp
                ? tcp.getAddress()
                : null;
    }

    String peer() {
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
        Admission admitting = admission;
        return admitting == null ? "" : admitting.pool();
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
