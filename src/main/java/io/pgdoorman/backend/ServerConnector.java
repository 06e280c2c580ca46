package io.pgdoorman.backend;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.DomainSocketAddress;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.net.Transport;
import io.pgdoorman.secret.SecretOrigin;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.tls.TlsRecords;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Makes the servers of one pool: resolves the host, connects, logs in, sends cancel requests, moves
 * servers between loops.
 *
 * <p>Threads: any thread, because what changes is volatile; host names are resolved and keys
 * derived on the executor, everything else happens on the loop that asks.
 */
public final class ServerConnector implements ServerSource {
    private static final Logger LOG = LoggerFactory.getLogger(ServerConnector.class);

    /** How long PostgreSQL may take to act on a cancel request and close its connection. */
    private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(5);

    private static final double JITTER = 0.2;

    /**
     * What all connectors of the process share.
     *
     * @param workers derive keys
     * @param resolvers look up host names
     * @param secrets passwords that stand elsewhere
     * @param rehearse see {@link ServerHandler}
     */
    public record Shared(
            Transport transport,
            Executor workers,
            Executor resolvers,
            AuthenticationContext authentication,
            Secrets secrets,
            AtomicLong lastServerId,
            boolean rehearse) {}

    private final ServerTarget target;
    private final Shared shared;
    private final long lifetimeNanos;
    private final long idleNanos;
    private final ParameterSet defaultProfile;
    private final ParameterInterner interner;

    /** Written at a client's login that proves a secret servers may use; read at each login. */
    private volatile ServerCredential credential;

    /** How often it was replaced by another. Written with it. */
    private volatile int credentialChanges;

    /** This PostgreSQL refused protocol 3.2 outright. Written by any loop. */
    private volatile boolean oldProtocol;

    /** Whether it was told that passwords can be read on the way. */
    private final AtomicBoolean toldClearText = new AtomicBoolean();

    /**
     * @param lifetimeNanos of each server, before its jitter; 0 is no limit
     * @param idleNanos of each server, before its jitter; 0 is no limit
     */
    public ServerConnector(
            ServerTarget target,
            Shared shared,
            ParameterInterner interner,
            long lifetimeNanos,
            long idleNanos) {
        this.target = target;
        this.shared = shared;
        this.interner = interner;
        this.lifetimeNanos = lifetimeNanos;
        this.idleNanos = idleNanos;
        this.credential = target.credential();
        this.defaultProfile = profileOf(ParameterSet.EMPTY);
    }

    public ServerTarget target() {
        return target;
    }

    /** Makes servers as {@code other} does; what clients have taught either of them apart. */
    public boolean isLike(ServerSource other) {
        return other instanceof ServerConnector that
                && target.equals(that.target)
                && lifetimeNanos == that.lifetimeNanos
                && idleNanos == that.idleNanos;
    }

    /**
     * Tells whether servers of two connectors, perhaps in two processes, are interchangeable: a
     * digest of where they are and who they log in as.
     */
    public byte[] fingerprint() {
        var text = new StringBuilder();
        if (!target.isUnixSocket() && target.tls().isRequired()) {
            text.append(target.tls().mode()).append(target.tls().context().orElseThrow().files());
        }
        for (String part :
                List.of(
                        target.host(),
                        Integer.toString(target.port()),
                        target.database(),
                        target.user(),
                        configuredSecret(target.credential()),
                        new TreeMap<>(target.startupParameters()).toString())) {
            text.append(part.length()).append(':').append(part);
        }
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    private static String configuredSecret(ServerCredential credential) {
        return switch (credential) {
            case ServerCredential.Plain(Bytes password) ->
                    HexFormat.of().formatHex(password.toByteArray());
            case ServerCredential.Md5Hash(String user, String hash) -> user + hash;
            case ServerCredential.Fetched(SecretOrigin origin) -> origin.toString();
            case ServerCredential.Token _,
                    ServerCredential.ScramClientKey _,
                    ServerCredential.None _ ->
                    "";
        };
    }

    /** What servers log in with now. */
    public ServerCredential credential() {
        return credential;
    }

    @Override
    public synchronized void learn(ServerCredential proved) {
        if (!proved.equals(credential)) {
            credential = proved;
            credentialChanges++;
        }
    }

    @Override
    public int credentialChanges() {
        return credentialChanges;
    }

    @Override
    public ParameterSet profileOf(ParameterSet startup) {
        ParameterSet profile = startup;
        for (Map.Entry<String, String> entry : target.startupParameters().entrySet()) {
            if (!entry.getKey().equalsIgnoreCase("application_name")) {
                profile = profile.with(entry.getKey(), entry.getValue());
            }
        }
        return interner.intern(profile);
    }

    @Override
    public ParameterSet defaultProfile() {
        return defaultProfile;
    }

    @Override
    public String endpoint() {
        return target.endpoint();
    }

    // ---- login ------------------------------------------------------------------------------

    @Override
    public void logIn(
            EventLoop loop, ParameterSet profile, ServerOwner owner, LoginListener listener) {
        new LoginAttempt(this, loop, profile, owner, listener).begin();
    }

    Shared shared() {
        return shared;
    }

    boolean speaksOldProtocol() {
        return oldProtocol;
    }

    void onOldProtocol() {
        oldProtocol = true;
    }

    /** A password goes to PostgreSQL as it is, over an unencrypted connection. */
    void onClearText(SocketAddress address) {
        boolean local =
                !(address instanceof InetSocketAddress tcp) || tcp.getAddress().isLoopbackAddress();
        if (!local && toldClearText.compareAndSet(false, true)) {
            LOG.warn(
                    "[{}] the server at {} asks for the password in clear text, without TLS: it can"
                            + " be read on the way (set server_tls_mode)",
                    target.pool(),
                    target.endpoint());
        }
    }

    ChannelFuture open(EventLoop loop, SocketAddress address, ChannelHandler handler) {
        Transport transport = shared.transport();
        return address instanceof InetSocketAddress tcp
                ? transport.connectTcp(
                        loop, tcp, target.sockets(), target.connectTimeout(), handler)
                : transport.connectUnix(
                        loop,
                        Path.of(target.endpoint()),
                        target.sockets(),
                        target.connectTimeout(),
                        handler);
    }

    SocketAddress unixAddress() {
        return new DomainSocketAddress(target.endpoint());
    }

    Server newServer(
            Channel channel,
            SocketAddress address,
            ParameterSet profile,
            ServerOwner owner,
            ServerLogin.Result result) {
        var identity =
                new ServerIdentity(
                        shared.lastServerId().incrementAndGet(),
                        target.pool(),
                        address,
                        result.cancelKey(),
                        profile,
                        System.nanoTime(),
                        jittered(lifetimeNanos),
                        jittered(idleNanos));
        var server = new Server(identity, channel, interner.intern(result.parameters()), owner);
        channel.pipeline()
                .replace(ServerLogin.class, null, new ServerHandler(server, shared.rehearse()));
        return server;
    }

    private static long jittered(long nanos) {
        if (nanos == 0) {
            return Long.MAX_VALUE;
        }
        double factor = 1 - JITTER + 2 * JITTER * ThreadLocalRandom.current().nextDouble();
        return (long) (nanos * factor);
    }

    static LoginFailure unreachable(String endpoint, @Nullable String why) {
        return new LoginFailure(
                LoginFailure.Kind.UNREACHABLE,
                ErrorResponse.of(
                        Severity.FATAL,
                        SqlState.CONNECTION_FAILURE,
                        "could not connect to the server at %s: %s".formatted(endpoint, why)));
    }

    LoginFailure unreachable(String why) {
        return unreachable(target.endpoint(), why);
    }

    // ---- cancel and move ----------------------------------------------------------------------

    @Override
    public void cancel(Server server, Runnable onDone) {
        EventLoop loop = server.loop();
        var request =
                new CancelSender(
                        target,
                        TlsRecords.of(server.channel()) != null,
                        server.cancelKey(),
                        CANCEL_TIMEOUT,
                        onDone);
        open(loop, server.identity().address(), request)
                .addListener(
                        done -> {
                            if (!done.isSuccess()) {
                                LOG.warn(
                                        "{} cancel request could not be sent: {}",
                                        server.identity(),
                                        String.valueOf(done.cause()));
                                request.finish();
                            }
                        });
    }

    @Override
    public void move(Server server, EventLoop target, Consumer<Server> onMoved) {
        ServerHandler handler = server.channel().pipeline().get(ServerHandler.class);
        shared.transport()
                .move(
                        server.channel(),
                        target,
                        handler,
                        moved -> {
                            server.adoptChannel(moved);
                            onMoved.accept(server);
                        },
                        failure -> {
                            LOG.warn("{} could not change its thread", server.identity(), failure);
                            server.markClosed(); // before the channel's own end is told here
                            target.execute(() -> onMoved.accept(server));
                        });
    }
}
