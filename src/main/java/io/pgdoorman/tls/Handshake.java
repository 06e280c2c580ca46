package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The handshake of one connection. It gives BoringSSL one record after the other, so that it is
 * known which record was the handshake's last: with the next, {@link TlsRecords} begin.
 *
 * <p>Netty's {@code SslHandler} is not used: of what it does for a connection, nothing is needed
 * after the handshake, and its removal costs an exception each time.
 *
 * <p>What the other side sees of BoringSSL ends there, and what it has not read yet is still whole.
 *
 * <p>Threads: confined to the channel's loop. Owns the buffers it holds.
 */
public final class Handshake extends ChannelDuplexHandler implements HandshakeGate.Waiting {
    private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

    private static final int MAX_SAID = 1 << 16;
    private static final int MAX_BODY = RecordKeys.MAX_CONTENT + 2_048;
    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int APPLICATION_DATA = 23;
    private static final int FLIGHT_BYTES = 4_096;

    /** A fatal alert before anything is encrypted (RFC 7301, 3.2). */
    private static final byte[] NO_APPLICATION_PROTOCOL = {21, 3, 3, 0, 2, 2, 120};

    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    /** Content that BoringSSL might open. It never does: the last record is the handshake's. */
    private static final FastThreadLocal<ByteBuffer> CONTENT =
            new FastThreadLocal<>() {
                @Override
                protected ByteBuffer initialValue() {
                    return ByteBuffer.allocateDirect(MAX_BODY);
                }
            };

    /**
     * What a handshake yields.
     *
     * @param protocol of ALPN; empty if none was agreed on
     * @param own what was shown to the peer
     * @param peer what the peer showed, and proved to own; empty if nothing
     * @param exporter what {@code tls-exporter} binds to; empty below TLS 1.3, and towards servers
     */
    public record Result(
            TlsRecords records,
            String protocol,
            Optional<X509Certificate> own,
            Optional<X509Certificate> peer,
            byte[] exporter) {}

    /** Hears exactly one of both, once, on the loop; nothing if the connection ends before. */
    public interface Listener {
        /** The records are in the pipeline. */
        void onSecure(Result result);

        /** The channel is closed, or is about to be. */
        void onFailed(Throwable cause);
    }

    private final TlsContext context;
    private final HandshakeGate gate;
    private final String host;
    private final int port;
    private final Listener listener;
    private final long beganNanos = System.nanoTime();

    /** What has come and not been given to BoringSSL. */
    private ByteBuf input;

    /** All that has come, as long as nothing was answered: then it can begin again elsewhere. */
    private @Nullable ByteBuf said;

    private boolean answered;
    private boolean feeding;
    private boolean over;
    private boolean failed;
    private boolean wrote;
    private boolean waiting;
    private @Nullable ChannelHandlerContext own;

    /** Records under the keys of the session, which the peer gets with the end of the handshake. */
    private int written;

    /** Made when its turn has come: a connection that only waits costs little. */
    private TlsContext.@Nullable Opening opening;

    private Handshake(
            TlsContext context, HandshakeGate gate, String host, int port, Listener listener) {
        this.context = context;
        this.gate = gate;
        this.host = host;
        this.port = port;
        this.listener = listener;
        this.input = Unpooled.EMPTY_BUFFER;
        this.said = context.isOfServers() ? null : Unpooled.buffer(0, MAX_SAID);
    }

    /**
     * Begins a handshake in front of the handler of {@code ctx}, which hears nothing more before
     * its end. As PostgreSQL's client it speaks first.
     *
     * @param host that is connected to, for SNI and the check of its certificate; empty for a
     *     client's connection
     * @param first what has been read already; consumed
     */
    public static void begin(
            ChannelHandlerContext ctx,
            TlsContext context,
            String host,
            int port,
            ByteBuf first,
            Listener listener) {
        var handshake = new Handshake(context, context.gate(ctx.executor()), host, port, listener);
        handshake.keep(first);
        handshake.input = first;
        ctx.pipeline().addBefore(ctx.name(), null, handshake);
        if (context.isOfServers()) {
            handshake.speakFirst();
        } else if (first.isReadable()) {
            ctx.executor().execute(handshake::feedFirst); // its handler is just reading
        }
    }

    private void speakFirst() {
        ChannelHandlerContext ctx = own;
        if (ctx == null) {
            return;
        }
        try {
            ReferenceCountedOpenSslEngine engine = opened(ctx).engine();
            engine.beginHandshake();
            advance(ctx, NOTHING, engine.getHandshakeStatus());
        } catch (SSLException e) {
            fail(ctx, e);
        }
        flushWritten(ctx);
    }

    private TlsContext.Opening opened(ChannelHandlerContext ctx) {
        TlsContext.Opening made = opening;
        if (made == null) {
            made = context.open(ctx.alloc(), host, port);
            opening = made;
        }
        return made;
    }

    private void feedFirst() {
        ChannelHandlerContext ctx = own;
        if (ctx != null && !ctx.isRemoved()) {
            feed(ctx);
        }
    }

    private void keep(ByteBuf in) {
        ByteBuf kept = said;
        if (kept == null) {
            return;
        }
        if (in.readableBytes() > kept.maxWritableBytes()) {
            forgetSaid();
        } else {
            kept.writeBytes(in, in.readerIndex(), in.readableBytes());
        }
    }

    private void forgetSaid() {
        if (said != null) {
            said.release();
            said = null;
        }
    }

    /** The handshake of a channel that is under way; null if there is none. */
    public static @Nullable Handshake of(Channel channel) {
        return channel.pipeline().get(Handshake.class);
    }

    /** Whether it can begin again elsewhere, with {@link #said}. */
    public boolean isMovable() {
        return said != null && !over;
    }

    /** How long it takes already. */
    public long ageNanos() {
        return System.nanoTime() - beganNanos;
    }

    /** All that the peer has sent so far. This handshake is over then. */
    public byte[] giveUp() {
        ByteBuf kept = said;
        byte[] bytes = kept == null ? new byte[0] : ByteBufUtil.getBytes(kept);
        over = true;
        ChannelHandlerContext ctx = own;
        if (ctx != null && !ctx.isRemoved()) {
            ctx.pipeline().remove(this);
        }
        return bytes;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        own = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        keep(in);
        ByteBuf held = input;
        if (held.isReadable()) {
            ByteBuf both = ctx.alloc().buffer(held.readableBytes() + in.readableBytes());
            both.writeBytes(held).writeBytes(in);
            in.release();
            in = both;
        }
        held.release();
        input = in;
        feed(ctx);
    }

    private void feed(ChannelHandlerContext ctx) {
        if (feeding || over || !hasRecord()) {
            return;
        }
        if (waiting) {
            if (input.readableBytes() > MAX_SAID) {
                fail(ctx, new SSLException("the client goes on before it is answered"));
            }
            return;
        }
        waiting = !gate.enter(this, opening == null);
        if (!waiting) {
            proceed(ctx);
        }
    }

    private boolean hasRecord() {
        return input.readableBytes() >= RecordKeys.HEADER_BYTES
                && input.readableBytes() >= recordLength(input);
    }

    @Override
    public void resume() {
        waiting = false;
        ChannelHandlerContext ctx = own;
        if (ctx != null && !ctx.isRemoved()) {
            proceed(ctx);
        }
    }

    @Override
    public boolean isOver() {
        return over;
    }

    private void proceed(ChannelHandlerContext ctx) {
        long began = System.nanoTime();
        try {
            step(ctx);
        } catch (RuntimeException | OutOfMemoryError e) {
            // Others wait for their turn behind this one.
            LOG.error("unexpected failure during a TLS handshake", e);
            fail(ctx, e);
        } finally {
            gate.spent(System.nanoTime() - began);
        }
    }

    private void step(ChannelHandlerContext ctx) {
        feeding = true;
        ByteBuf in = input;
        try {
            while (!over && in.readableBytes() >= RecordKeys.HEADER_BYTES) {
                int length = recordLength(in);
                if (in.readableBytes() < length) {
                    break;
                }
                ByteBuffer record = in.nioBuffer(in.readerIndex(), length);
                in.skipBytes(length);
                written = 0;
                advance(ctx, record, HandshakeStatus.NEED_UNWRAP);
            }
        } catch (SSLException e) {
            fail(ctx, e);
        }
        feeding = false;
        if (over && !failed && !ctx.isRemoved()) {
            end(ctx);
        } else {
            flushWritten(ctx);
        }
    }

    /** All there is if it is no record: BoringSSL says what is wrong with it. */
    private static int recordLength(ByteBuf in) {
        int at = in.readerIndex();
        int type = in.getUnsignedByte(at);
        int body = in.getUnsignedShort(at + 3);
        return type < CHANGE_CIPHER_SPEC
                        || type > APPLICATION_DATA
                        || in.getByte(at + 1) != 3
                        || body > MAX_BODY
                ? in.readableBytes()
                : RecordKeys.HEADER_BYTES + body;
    }

    /**
     * As far as it goes with {@code record}, of which nothing is left then. It goes on until there
     * is nothing more to read: only then the engine tells that the handshake is over, or failed.
     */
    private void advance(ChannelHandlerContext ctx, ByteBuffer record, HandshakeStatus begin)
            throws SSLException {
        ReferenceCountedOpenSslEngine engine = opened(ctx).engine();
        HandshakeStatus status = begin;
        while (true) {
            switch (status) {
                case NEED_TASK -> {
                    Runnable task = engine.getDelegatedTask();
                    while (task != null) {
                        task.run();
                        task = engine.getDelegatedTask();
                    }
                    status = engine.getHandshakeStatus();
                }
                case NEED_WRAP -> {
                    checkProtocols(ctx);
                    status = wrap(ctx, engine);
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    SSLEngineResult result = engine.unwrap(record, CONTENT.get().clear());
                    if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                        throw new SSLException("the peer ended it");
                    }
                    status = result.getHandshakeStatus();
                    if (status == HandshakeStatus.NEED_UNWRAP && result.bytesConsumed() == 0) {
                        return;
                    }
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    over = true;
                    return;
                }
            }
        }
    }

    /**
     * Before the first answer to a client. What was meant for a server of another protocol goes no
     * further, as since PostgreSQL 17 (<a href="https://alpaca-attack.com">ALPACA</a>). The library
     * would go on without a protocol, and not tell it from a client that offers none.
     */
    private void checkProtocols(ChannelHandlerContext ctx) throws SSLException {
        if (answered || context.isOfServers()) {
            return;
        }
        answered = true;
        ByteBuf hello = said;
        if (hello == null) {
            throw new SSLException("the client goes on before it is answered");
        }
        List<String> offered = ClientHello.protocols(hello);
        if (!offered.isEmpty() && !offered.contains(TlsContext.PROTOCOL)) {
            send(ctx, ctx.alloc().buffer().writeBytes(NO_APPLICATION_PROTOCOL));
            throw new SSLException(
                    "the client does not offer the protocol postgresql, but others (ALPN)");
        }
    }

    private HandshakeStatus wrap(ChannelHandlerContext ctx, ReferenceCountedOpenSslEngine engine)
            throws SSLException {
        ByteBuf out = ctx.alloc().directBuffer(FLIGHT_BYTES);
        ByteBuffer flight = out.internalNioBuffer(0, out.writableBytes());
        int begin = flight.position();
        try {
            SSLEngineResult result = engine.wrap(NOTHING, flight);
            HandshakeStatus status = result.getHandshakeStatus();
            if (result.bytesProduced() == 0 && status == HandshakeStatus.NEED_WRAP) {
                throw new SSLException("the handshake does not proceed");
            }
            return status;
        } finally {
            out.writerIndex(flight.position() - begin); // a failure that it throws left an alert
            send(ctx, out);
        }
    }

    /** Consumes {@code out}. */
    private void send(ChannelHandlerContext ctx, ByteBuf out) {
        if (!out.isReadable()) {
            out.release();
            return;
        }
        forgetSaid();
        count(out);
        wrote = true;
        ctx.write(out, ctx.voidPromise());
    }

    private void count(ByteBuf out) {
        int at = 0;
        while (out.writerIndex() - at >= RecordKeys.HEADER_BYTES) {
            written += out.getUnsignedByte(at) == APPLICATION_DATA ? 1 : 0;
            at += RecordKeys.HEADER_BYTES + out.getUnsignedShort(at + 3);
        }
    }

    private void flushWritten(ChannelHandlerContext ctx) {
        if (wrote) {
            wrote = false;
            ctx.flush();
        }
    }

    private void forgetSecrets() {
        TlsContext.Opening made = opening;
        if (made != null) {
            context.forget(made.engine().sslPointer());
        }
    }

    private void fail(ChannelHandlerContext ctx, Throwable cause) {
        if (failed) {
            return;
        }
        over = true;
        failed = true;
        forgetSecrets();
        flushWritten(ctx); // the alert
        listener.onFailed(HandshakeFailure.told(cause, context.isOfServers()));
        ctx.close();
    }

    /** The records are ours from here on. */
    private void end(ChannelHandlerContext ctx) {
        Result result;
        FrozenTls state = null;
        try {
            TlsContext.Opening made = opened(ctx);
            Optional<X509Certificate> peer = peer(made.engine());
            state = state(made, peer);
            result = result(made, state, peer);
        } catch (TlsException e) {
            LOG.error("a TLS handshake came to an end that is not known here", e);
            fail(ctx, e);
            return;
        } finally {
            if (state != null) {
                state.destroy();
            }
        }
        forgetSecrets();
        flushWritten(ctx);
        ByteBuf rest = input;
        input = Unpooled.EMPTY_BUFFER;
        ctx.pipeline().replace(this, null, result.records());
        ChannelHandlerContext next = ctx.pipeline().context(result.records());
        listener.onSecure(result);
        if (rest.isReadable() && !next.isRemoved()) {
            result.records().channelRead(next, rest);
            next.fireChannelReadComplete();
        } else {
            rest.release();
        }
    }

    private FrozenTls state(TlsContext.Opening made, Optional<X509Certificate> peer)
            throws TlsException {
        KeyLog log = made.log();
        SSLSession session = made.engine().getSession();
        TlsSuite suite = TlsSuite.of(session.getCipherSuite());
        boolean client = context.isOfServers();
        byte[] ofClient;
        byte[] ofServer;
        int sent;
        int received;
        if (suite.isTls13()) {
            ofClient = log.traffic(true);
            ofServer = log.traffic(false);
            sent = client ? 0 : written; // tickets; a client's last flight has other keys
            received = 0;
        } else {
            byte[] block = keyBlock(suite, made);
            int keys = 2 * suite.keyBytes();
            ofClient = concat(block, 0, keys, suite);
            ofServer = concat(block, suite.keyBytes(), keys + suite.fixedNonceBytes(), suite);
            Arrays.fill(block, (byte) 0);
            sent = 1; // each side's Finished
            received = 1;
        }
        return new FrozenTls(
                suite.id(),
                client ? ofServer : ofClient,
                received,
                client ? ofClient : ofServer,
                sent,
                new byte[0],
                client ? "" : serverName(made.engine()),
                peer.map(one -> one.getSubjectX500Principal().getName()).orElse(""));
    }

    private static byte[] keyBlock(TlsSuite suite, TlsContext.Opening made) throws TlsException {
        KeyLog log = made.log();
        return KeySchedule.keyBlock(
                suite,
                log.master(),
                log.clientRandom(),
                SSL.getServerRandom(made.engine().sslPointer()),
                2 * suite.secretBytes());
    }

    /** Key and fixed nonce of one side, which do not stand together in the block. */
    private static byte[] concat(byte[] block, int key, int nonce, TlsSuite suite) {
        byte[] secret = Arrays.copyOfRange(block, key, key + suite.secretBytes());
        System.arraycopy(block, nonce, secret, suite.keyBytes(), suite.fixedNonceBytes());
        return secret;
    }

    private static String serverName(ReferenceCountedOpenSslEngine engine) {
        String name = SSL.getSniHostname(engine.sslPointer());
        return name == null ? "" : name;
    }

    private Optional<X509Certificate> peer(ReferenceCountedOpenSslEngine engine) {
        if (!context.isOfServers() && !context.asksForCertificates()) {
            return Optional.empty();
        }
        try {
            return first(engine.getSession().getPeerCertificates());
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    private Result result(TlsContext.Opening made, FrozenTls state, Optional<X509Certificate> peer)
            throws TlsException {
        ReferenceCountedOpenSslEngine engine = made.engine();
        var records = new TlsRecords(state, !context.isOfServers());
        TlsSuite suite = records.suite();
        boolean exports = suite.isTls13() && !context.isOfServers();
        String protocol = engine.getNegotiatedApplicationProtocol();
        return new Result(
                records,
                protocol == null ? "" : protocol,
                first(engine.getSession().getLocalCertificates()),
                peer,
                exports ? ChannelBinding.tlsExporter(suite, made.log().exporter()) : new byte[0]);
    }

    private static Optional<X509Certificate> first(Certificate @Nullable [] chain) {
        return chain != null && chain.length > 0 && chain[0] instanceof X509Certificate own
                ? Optional.of(own)
                : Optional.empty();
    }

    /** Nothing can be said before its end. */
    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        ReferenceCountUtil.release(msg);
        promise.tryFailure(new ClosedChannelException());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!over) {
            fail(ctx, new SSLException("the connection was closed during the handshake"));
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        over = true;
        forgetSecrets();
        TlsContext.Opening made = opening;
        if (made != null) {
            opening = null;
            made.engine().release();
        }
        forgetSaid();
        input.release();
        input = Unpooled.EMPTY_BUFFER;
    }
}
