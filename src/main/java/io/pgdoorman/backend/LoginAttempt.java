package io.pgdoorman.backend;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.config.Secret;
import io.pgdoorman.secret.SecretException;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What it takes to get one server, in this order: the addresses of the host, the password if it
 * stands elsewhere, a connection to the first address that accepts one. It begins again, once for
 * each reason, by the older protocol, with TLS or without, and with another password, if
 * PostgreSQL's answer lets hope that this helps: the password may have been changed since it was
 * read.
 *
 * <p>Threads: confined to the loop of the server to be; names and passwords are fetched elsewhere.
 */
final class LoginAttempt {
    private static final Logger LOG = LoggerFactory.getLogger(LoginAttempt.class);

    private final ServerConnector connector;
    private final ServerTarget target;
    private final EventLoop loop;
    private final ParameterSet profile;
    private final ServerOwner owner;
    private final ServerSource.LoginListener listener;

    private InetAddress[] addresses = {};
    private int index;
    private Optional<TlsContext> tls = Optional.empty();

    /** From without TLS to with it, or back, as the mode allows. */
    private boolean changed;

    private ServerCredential credential = new ServerCredential.None();

    /** Where it was fetched, and what was; null if it was not. */
    private ServerCredential.@Nullable Fetched origin;

    private @Nullable Secret secret;
    private boolean renewed;

    LoginAttempt(
            ServerConnector connector,
            EventLoop loop,
            ParameterSet profile,
            ServerOwner owner,
            ServerSource.LoginListener listener) {
        this.connector = connector;
        this.target = connector.target();
        this.loop = loop;
        this.profile = profile;
        this.owner = owner;
        this.listener = listener;
    }

    void begin() {
        if (target.isUnixSocket()) {
            prepare();
            return;
        }
        tls = target.tls().first();
        connector
                .shared()
                .resolvers()
                .execute(
                        () -> {
                            try {
                                InetAddress[] found = InetAddress.getAllByName(target.host());
                                loop.execute(
                                        () -> {
                                            addresses = found;
                                            prepare();
                                        });
                            } catch (UnknownHostException | RuntimeException e) {
                                var failure =
                                        connector.unreachable("host name could not be resolved");
                                loop.execute(() -> listener.onFailure(failure));
                            }
                        });
    }

    // ---- the password ---------------------------------------------------------------------------

    /** Then {@link #connect}. */
    private void prepare() {
        if (connector.credential() instanceof ServerCredential.Fetched elsewhere) {
            origin = elsewhere;
            take(elsewhere, connector.shared().secrets().get(elsewhere.origin()), null);
        } else {
            credential = connector.credential();
            connect();
        }
    }

    /**
     * @param refused the failure that made us ask again; it stands if the answer is the same
     */
    private void take(
            ServerCredential.Fetched from,
            CompletableFuture<Secret> fetched,
            @Nullable LoginFailure refused) {
        fetched.whenCompleteAsync(
                (answer, failure) -> {
                    if (failure != null) {
                        fail(failure);
                    } else if (refused != null && answer.equals(secret)) {
                        listener.onFailure(refused);
                    } else {
                        use(from, answer);
                    }
                },
                loop);
    }

    private void use(ServerCredential.Fetched from, Secret answer) {
        try {
            credential = from.of(target.user(), answer);
        } catch (IllegalArgumentException e) {
            LOG.warn("[{}] {}: {}", target.pool(), from.origin(), e.getMessage());
            fail(e);
            return;
        }
        secret = answer;
        connect();
    }

    /** Why is in the log alone: what a command says may be meant for operators. */
    private void fail(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        if (!(cause instanceof SecretException || cause instanceof IllegalArgumentException)) {
            LOG.error("[{}] no password for PostgreSQL", target.pool(), cause);
        }
        listener.onFailure(
                new LoginFailure(
                        LoginFailure.Kind.IMPOSSIBLE,
                        ErrorResponse.of(
                                Severity.FATAL,
                                SqlState.SYSTEM_ERROR,
                                "the password of \"%s\" for the server is not to be had; the log of the pooler says why"
                                        .formatted(target.user()))));
    }

    /**
     * Asks for the password again, which another process may have changed; or takes what a client
     * has proved meanwhile.
     *
     * @return false if there is no other
     */
    private boolean renew(LoginFailure failure) {
        if (renewed || !ServerLogin.isPasswordRefusal(failure)) {
            return false;
        }
        renewed = true;
        ServerCredential.Fetched from = origin;
        Secret used = secret;
        if (from != null && used != null) {
            take(from, connector.shared().secrets().renew(from.origin(), used), failure);
            return true;
        }
        ServerCredential now = connector.credential();
        if (now.equals(credential)) {
            return false;
        }
        credential = now;
        connect();
        return true;
    }

    // ---- the connection -------------------------------------------------------------------------

    /** Tries one address after the other until one accepts the connection. */
    private void connect() {
        SocketAddress address =
                target.isUnixSocket()
                        ? connector.unixAddress()
                        : new InetSocketAddress(addresses[index], target.port());
        var login =
                new ServerLogin(
                        target,
                        credential,
                        connector.shared(),
                        profile,
                        connector.speaksOldProtocol(),
                        tls,
                        new Answer(address));
        ChannelFuture connected = connector.open(loop, address, login);
        connected.addListener(
                done -> {
                    if (!done.isSuccess()) {
                        if (index + 1 < addresses.length) {
                            index++;
                            connect();
                        } else {
                            login.onConnectFailed(done.cause());
                        }
                    }
                });
    }

    /** PostgreSQL's, or what was there instead. */
    private final class Answer implements ServerLogin.Listener {
        private final SocketAddress address;
        private boolean encrypted;

        Answer(SocketAddress address) {
            this.address = address;
        }

        @Override
        public void onDone(Channel channel, ServerLogin.Result result) {
            listener.onServer(connector.newServer(channel, address, profile, owner, result));
        }

        @Override
        public void onTls(long handshakeNanos) {
            encrypted = true;
            listener.onTls(handshakeNanos);
        }

        @Override
        public void onTlsFailed() {
            listener.onTlsFailed();
        }

        @Override
        public void onClearText() {
            connector.onClearText(address);
        }

        /** With TLS a password may be right that was not; without it, none gets better. */
        private boolean asksTheOtherWay(LoginFailure failure) {
            return !changed
                    && !target.isUnixSocket()
                    && target.tls().asksAgain(encrypted)
                    && ServerLogin.isAccessRefusal(failure)
                    && !(encrypted && ServerLogin.isPasswordRefusal(failure));
        }

        @Override
        public void onFailure(LoginFailure failure) {
            if (!connector.speaksOldProtocol() && ServerLogin.isProtocolRefusal(failure)) {
                connector.onOldProtocol();
                connect();
            } else if (asksTheOtherWay(failure)) {
                changed = true;
                tls = target.tls().second();
                connect();
            } else if (!renew(failure)) {
                listener.onFailure(failure);
            }
        }
    }
}
