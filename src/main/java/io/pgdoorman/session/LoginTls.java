package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.pgdoorman.auth.ChannelBindings;
import io.pgdoorman.tls.ChannelBinding;
import io.pgdoorman.tls.Handshake;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.tls.TlsRecords;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * Whether a connection is encrypted, and what is known of it then: what comes before the startup
 * packet that counts.
 *
 * <pre>
 *   SSLRequest: 'S' ─► handshake, or 'N';  GSSENCRequest: 'N';  a TLS record (direct TLS) ─► handshake
 * </pre>
 *
 * <p>Threads: confined to the client's loop.
 */
final class LoginTls {
    private static final Logger LOG = LoggerFactory.getLogger(LoginTls.class);

    /** First byte of a connection that begins with TLS: no startup packet is that long. */
    private static final byte HANDSHAKE_RECORD = 22;

    private final LoginHandler login;
    private final Sessions sessions;

    private boolean sslRefused;
    private boolean gssRefused;

    /** What is read and written here is encrypted on its way. */
    private boolean encrypted;

    private ChannelBindings bindings;

    /**
     * @param bindings of a handshake in the process before this one, or none
     */
    LoginTls(LoginHandler login, Sessions sessions, ChannelBindings bindings) {
        this.login = login;
        this.sessions = sessions;
        this.bindings = bindings;
    }

    void onAdded(ChannelHandlerContext ctx) {
        encrypted = TlsRecords.of(ctx.channel()) != null;
    }

    boolean isEncrypted() {
        return encrypted;
    }

    /** Of the handshake, if there was one. */
    ChannelBindings bindings() {
        return bindings;
    }

    /** See {@link io.pgdoorman.auth.ClientLogin#certificate}. */
    String certificate() {
        TlsRecords records = TlsRecords.of(login.channel());
        return records == null ? "" : records.peerName();
    }

    void onGssRequest() {
        refuse(gssRefused, "GSSENCRequest");
        gssRefused = true;
    }

    void onSslRequest(ByteBuf in) {
        Optional<TlsContext> tls = context();
        if (tls.isEmpty() || encrypted) {
            refuse(sslRefused || encrypted, "SSLRequest");
            sslRefused = true;
            return;
        }
        if (in.isReadable()) {
            // Bytes an attacker may have put there would count as the client's.
            throw new ProtocolException("received unencrypted data after SSL request");
        }
        login.answer('S');
        begin(tls.get(), Unpooled.EMPTY_BUFFER, false);
    }

    private void refuse(boolean again, String name) {
        if (again) {
            throw new ProtocolException(name + " was answered already");
        }
        login.answer('N');
    }

    /** Whether the client begins with TLS, as PostgreSQL 17 and later allow. */
    boolean beginsWithTls(ByteBuf in) {
        return in.isReadable() && in.getByte(in.readerIndex()) == HANDSHAKE_RECORD && !encrypted;
    }

    /** The client says by ALPN what the connection is for. */
    void beginDirect(ByteBuf in) {
        Optional<TlsContext> tls = context();
        if (tls.isEmpty() || sslRefused || gssRefused) {
            throw new ProtocolException("a TLS handshake came where none is offered");
        }
        login.restartRecord(); // the handshake has these bytes
        begin(tls.get(), in.readRetainedSlice(in.readableBytes()), true);
    }

    private Optional<TlsContext> context() {
        return login.address() == null ? Optional.empty() : sessions.tls().context();
    }

    private void begin(TlsContext tls, ByteBuf first, boolean direct) {
        login.onHandshake();
        Handshake.begin(
                login.context(),
                tls,
                "",
                0,
                first,
                new Handshake.Listener() {
                    @Override
                    public void onSecure(Handshake.Result result) {
                        if (direct && result.protocol().isEmpty()) {
                            LoginTls.this.onFailed(
                                    "a direct TLS connection without ALPN: the client must offer"
                                            + " the protocol postgresql");
                            login.context().close();
                            return;
                        }
                        encrypted = true;
                        bindings =
                                new ChannelBindings(
                                        result.own().map(LoginTls::endPoint).orElse(Bytes.EMPTY),
                                        Bytes.copyOf(result.exporter()));
                        login.onSecure();
                    }

                    @Override
                    public void onFailed(Throwable cause) {
                        LoginTls.this.onFailed(
                                cause.getMessage() == null ? cause.toString() : cause.getMessage());
                    }
                });
    }

    private static Bytes endPoint(X509Certificate certificate) {
        return Bytes.copyOf(ChannelBinding.tlsServerEndPoint(certificate));
    }

    private void onFailed(String reason) {
        if (login.end()) {
            sessions.onRefused();
            sessions.onRejected(Rejection.TLS_HANDSHAKE_FAIL);
            LOG.warn("{} client {} TLS negotiation failed: {}", login, login.peer(), reason);
            login.audit(SqlState.PROTOCOL_VIOLATION, "TLS: " + reason);
        }
    }

    /**
     * Whether the login can move now. A handshake that has been answered comes to its end here: it
     * takes one more message of the client's, and nobody waits longer for that.
     */
    boolean mayMove() {
        Handshake handshake = Handshake.of(login.channel());
        if (handshake == null || handshake.isMovable()) {
            return true;
        }
        if (handshake.ageNanos() > LoginHandler.MAX_UNMOVABLE_NANOS) {
            onFailed("it was not over when the process was replaced");
            login.context().close();
        }
        return false;
    }
}
