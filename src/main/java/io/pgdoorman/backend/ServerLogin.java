package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import io.pgdoorman.auth.Derivation;
import io.pgdoorman.auth.ServerAuthentication;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.ServerStep;
import io.pgdoorman.tls.ChannelBinding;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.Authentication;
import io.pgdoorman.wire.backend.AuthenticationCleartextPassword;
import io.pgdoorman.wire.backend.BackendKeyData;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ParameterStatus;
import io.pgdoorman.wire.backend.Severity;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.StartupMessage;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The first handler of a server's channel: start-up, authentication, and what PostgreSQL reports up
 * to its first ReadyForQuery. Then its place is taken by a {@link ServerHandler}; bytes behind the
 * ReadyForQuery go there.
 *
 * <p>Threads: confined to the channel's loop; keys are derived on the executor.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
final class ServerLogin extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(ServerLogin.class);

    /** Nothing PostgreSQL sends during a login is longer. */
    private static final int MAX_BODY_BYTES = 1 << 20;

    /** PostgreSQL's MAX_STARTUP_PACKET_LENGTH. */
    private static final int MAX_STARTUP_BYTES = 10_000;

    /** Where PostgreSQL says so of methods that have no SQLSTATE of their own, such as PAM. */
    private static final String AUTH_FAILED = "auth_failed";

    private static final byte ROUTINE = 'R';

    /** What a login yields. */
    record Result(CancelKey cancelKey, ParameterSet parameters) {}

    /** Hears exactly one of the first two, once, and last. */
    interface Listener {
        void onDone(Channel channel, Result result);

        void onFailure(LoginFailure failure);

        /** A password is about to be sent as it is, and nothing is encrypted. */
        void onClearText();

        void onTls(long handshakeNanos);

        void onTlsFailed();
    }

    private final ServerTarget target;
    private final ServerConnector.Shared shared;
    private final ParameterSet profile;
    private final boolean oldProtocol;
    private final @Nullable TlsRequest tls;
    private final Listener listener;
    private final ServerAuthentication authentication;
    private final Map<String, String> reported = new LinkedHashMap<>();

    private @Nullable CancelKey cancelKey;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ScheduledFuture<?> deadline;
    private boolean connected;
    private boolean authenticated;
    private boolean encrypted;

    /** The server asks for the password itself. */
    private boolean clearText;

    private boolean over;

    ServerLogin(
            ServerTarget target,
            ServerCredential credential,
            ServerConnector.Shared shared,
            ParameterSet profile,
            boolean oldProtocol,
            Optional<TlsContext> tls,
            Listener listener) {
        this.target = target;
        this.shared = shared;
        this.profile = profile;
        this.oldProtocol = oldProtocol;
        this.listener = listener;
        this.tls =
                tls.map(context -> new TlsRequest(target, context, new TlsAnswer())).orElse(null);
        this.authentication =
                new ServerAuthentication(shared.authentication(), target.user(), credential);
    }

    /** PostgreSQL knows no minor versions, or not this one, and says so by an error. */
    static boolean isProtocolRefusal(LoginFailure failure) {
        return failure.kind() == LoginFailure.Kind.REFUSED
                && failure.error().sqlState().equals(SqlState.FEATURE_NOT_SUPPORTED)
                && failure.error().message().contains("protocol");
    }

    /** PostgreSQL does not want this user from here like this; with TLS it may. */
    static boolean isAccessRefusal(LoginFailure failure) {
        return failure.kind() == LoginFailure.Kind.REFUSED
                && failure.error().sqlState().startsWith("28");
    }

    /** PostgreSQL does not take this password; another one it may. */
    static boolean isPasswordRefusal(LoginFailure failure) {
        ErrorResponse error = failure.error();
        return error.sqlState().equals(SqlState.INVALID_PASSWORD)
                || (error.sqlState().equals(SqlState.INVALID_AUTHORIZATION_SPECIFICATION)
                        && AUTH_FAILED.equals(error.fields().get(ROUTINE)));
    }

    /** What becomes of the wish for TLS. */
    private final class TlsAnswer implements TlsRequest.Listener {
        @Override
        public void onSecure(Optional<X509Certificate> certificate, long handshakeNanos) {
            listener.onTls(handshakeNanos);
            encrypted = true;
            authentication.onEncrypted(
                    certificate
                            .map(shown -> Bytes.copyOf(ChannelBinding.tlsServerEndPoint(shown)))
                            .orElse(Bytes.EMPTY));
            start(context());
        }

        @Override
        public void onRefused() {
            if (target.tls().isRequired()) {
                onFailed("it does not support TLS, which server_tls_mode requires");
            } else {
                start(context());
            }
        }

        @Override
        public void onFailed(String reason) {
            if (!over) {
                listener.onTlsFailed();
            }
            fail(
                    LoginFailure.Kind.IMPOSSIBLE,
                    SqlState.CONNECTION_FAILURE,
                    "could not connect to the server at %s: %s"
                            .formatted(target.endpoint(), reason));
            context().close();
        }
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not connected");
        }
        return ctx;
    }

    void onConnectFailed(Throwable cause) {
        String why = String.valueOf(cause.getMessage());
        if (why.contains("Too many open files")) {
            fail(
                    LoginFailure.Kind.RESOURCES,
                    SqlState.INSUFFICIENT_RESOURCES,
                    "Connection pooler local resource exhausted: " + why);
        } else {
            failWith(ServerConnector.unreachable(target.endpoint(), why));
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        connected = true;
        deadline =
                ctx.executor()
                        .schedule(
                                () -> onDeadline(ctx),
                                target.connectTimeout().toNanos(),
                                TimeUnit.NANOSECONDS);
        context = ctx;
        if (tls == null) {
            start(ctx);
        } else {
            tls.begin(ctx);
        }
    }

    private void start(ChannelHandlerContext ctx) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", target.user());
        parameters.put("database", target.database());
        if (!namesApplication(profile.get("options"))) {
            parameters.put("application_name", target.applicationName());
        }
        for (int i = 0; i < profile.size(); i++) {
            parameters.put(profile.name(i), profile.value(i));
        }
        ByteBuf out = ctx.alloc().buffer(256);
        new StartupMessage(oldProtocol ? ProtocolVersion.V3_0 : ProtocolVersion.V3_2, parameters)
                .encode(out);
        if (out.readableBytes() > MAX_STARTUP_BYTES) {
            int size = out.readableBytes();
            out.release();
            fail(
                    LoginFailure.Kind.IMPOSSIBLE,
                    SqlState.CONFIGURATION_LIMIT_EXCEEDED,
                    "the startup parameters of pool '%s' do not fit: StartupMessage has %d bytes, PostgreSQL takes at most %d"
                            .formatted(target.pool(), size, MAX_STARTUP_BYTES));
            ctx.close();
            return;
        }
        ctx.writeAndFlush(out);
    }

    /** Then the options decide, for a name of its own would win over them. */
    private static boolean namesApplication(@Nullable String options) {
        return options != null && options.toLowerCase(Locale.ROOT).contains("application");
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (tls != null && !tls.isAnswered()) {
            tls.read(ctx, in);
        }
        while (!over && in.readableBytes() >= Frames.HEADER_BYTES) {
            int start = in.readerIndex();
            byte type = in.getByte(start);
            int body = in.getInt(start + 1) - Integer.BYTES;
            if (body < 0 || body > MAX_BODY_BYTES) {
                fail(
                        LoginFailure.Kind.IMPOSSIBLE,
                        SqlState.PROTOCOL_VIOLATION,
                        "the server at %s does not speak the PostgreSQL protocol"
                                .formatted(target.endpoint()));
                ctx.close();
                return;
            }
            if (in.readableBytes() < Frames.HEADER_BYTES + body) {
                return;
            }
            in.skipBytes(Frames.HEADER_BYTES);
            onMessage(ctx, type, in.readSlice(body));
        }
    }

    private void onMessage(ChannelHandlerContext ctx, byte type, ByteBuf body) {
        switch (type) {
            case BackendType.AUTHENTICATION -> {
                Authentication request = Authentication.decode(body);
                clearText = request instanceof AuthenticationCleartextPassword;
                take(ctx, authentication.onRequest(request));
            }
            case BackendType.PARAMETER_STATUS -> {
                ParameterStatus status = ParameterStatus.decode(body);
                reported.put(status.name(), status.value());
            }
            case BackendType.BACKEND_KEY_DATA -> cancelKey = BackendKeyData.decode(body).key();
            case BackendType.ERROR_RESPONSE -> {
                failWith(new LoginFailure(LoginFailure.Kind.REFUSED, ErrorResponse.decode(body)));
                ctx.close();
            }
            case BackendType.READY_FOR_QUERY -> onReady(ctx);
            case BackendType.NOTICE_RESPONSE, BackendType.NEGOTIATE_PROTOCOL_VERSION -> {}
            default ->
                    throw new ProtocolException(
                            "server sent %s during login".formatted(BackendType.name(type)));
        }
    }

    private void take(ChannelHandlerContext ctx, ServerStep step) {
        switch (step) {
            case ServerStep.Send(FrontendMessage message) -> {
                if (clearText && !encrypted) {
                    listener.onClearText();
                }
                ByteBuf out = ctx.alloc().buffer(128);
                message.encode(out);
                ctx.writeAndFlush(out);
            }
            case ServerStep.Wait _ -> {}
            case ServerStep.Done _ -> authenticated = true;
            case ServerStep.Derive(Derivation work) -> derive(ctx, work);
            case ServerStep.Failed(String sqlState, String reason) -> {
                fail(LoginFailure.Kind.IMPOSSIBLE, sqlState, reason);
                ctx.close();
            }
        }
    }

    private void derive(ChannelHandlerContext ctx, Derivation work) {
        try {
            CompletableFuture.supplyAsync(work, shared.workers())
                    .thenAcceptAsync(
                            keys -> {
                                if (!over) {
                                    take(ctx, authentication.onDerived(keys));
                                }
                            },
                            ctx.executor());
        } catch (RejectedExecutionException e) {
            fail(
                    LoginFailure.Kind.RESOURCES,
                    SqlState.INSUFFICIENT_RESOURCES,
                    "too many logins at the same time");
            ctx.close();
        }
    }

    private void onReady(ChannelHandlerContext ctx) {
        if (!authenticated) {
            throw new ProtocolException("server sent ReadyForQuery before AuthenticationOk");
        }
        CancelKey key = cancelKey;
        if (key == null) {
            // A pooler or a proxy may have none to give: then nothing can be cancelled there.
            key = CancelKey.of(0, new byte[CancelKey.MIN_SECRET_BYTES]);
        }
        end();
        listener.onDone(ctx.channel(), new Result(key, ParameterSet.of(reported)));
    }

    private void onDeadline(ChannelHandlerContext ctx) {
        fail(
                LoginFailure.Kind.TIMEOUT,
                SqlState.CONNECTION_FAILURE,
                "the server at %s did not complete the login within connect_timeout (%d ms)"
                        .formatted(target.endpoint(), target.connectTimeout().toMillis()));
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx); // reads what came last, perhaps the reason
        if (connected) {
            failWith(
                    ServerConnector.unreachable(
                            target.endpoint(), "server closed the connection during login"));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("[{}] login failed", target.pool(), cause);
        String why = cause.getCause() == null ? cause.getMessage() : cause.getCause().getMessage();
        if (cause instanceof java.io.IOException) {
            failWith(ServerConnector.unreachable(target.endpoint(), why));
        } else {
            fail(
                    LoginFailure.Kind.IMPOSSIBLE,
                    SqlState.PROTOCOL_VIOLATION,
                    "the server at %s broke the protocol: %s".formatted(target.endpoint(), why));
        }
        ctx.close();
    }

    private void fail(LoginFailure.Kind kind, String sqlState, String message) {
        failWith(new LoginFailure(kind, ErrorResponse.of(Severity.FATAL, sqlState, message)));
    }

    private void failWith(LoginFailure failure) {
        if (!over) {
            end();
            listener.onFailure(failure);
        }
    }

    private void end() {
        over = true;
        if (deadline != null) {
            deadline.cancel(false);
        }
    }
}
