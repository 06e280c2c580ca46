package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import io.netty.internal.tcnative.SSL;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The handshake of one connection. It stands before BoringSSL and gives it one record after the
 * other, so that it is known which record was the handshake's last: with the next, {@link
 * TlsRecords} begin.
 *
 * <p>What the other side sees of BoringSSL ends there, and what it has not read yet is still whole.
 *
 * <p>Threads: confined to the channel's loop. Owns the buffers it holds.
 */
public final class Handshake extends ChannelDuplexHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Handshake.class);

    private static final int MAX_SAID = 1 << 16;
    private static final int MAX_BODY = RecordKeys.MAX_CONTENT + 2_048;
    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int APPLICATION_DATA = 23;

    /**
     * What a handshake yields.
     *
     * @param protocol of ALPN; empty if none was agreed on
     * @param own what was shown to the peer
     * @param peer what the peer showed, and proved to own; empty if nothing
     */
    public record Result(
            TlsRecords records,
            String protocol,
            Optional<X509Certificate> own,
            Optional<X509Certificate> peer) {}

    /** Hears exactly one of both, once, on the loop; nothing if the connection ends before. */
    public interface Listener {
        /** The records are in the pipeline. */
        void onSecure(Result result);

        /** The channel is closed, or is about to be. */
        void onFailed(Throwable cause);
    }

    private final TlsContext context;
    private final TlsContext.Opening opening;
    private final Listener listener;
    private final long ssl;
    private final long beganNanos = System.nanoTime();

    /** What has come and not been given to BoringSSL. */
    private ByteBuf input;

    /** All that has come, as long as nothing was answered: then it can begin again elsewhere. */
    private @Nullable ByteBuf said;

    private boolean feeding;
    private boolean over;
    private boolean failed;
    private @Nullable ChannelHandlerContext own;

    /** Records under the keys of the session, which the peer gets with the end of the handshake. */
    private int written;

    private Handshake(TlsContext context, TlsContext.Opening opening, Listener listener) {
        this.context = context;
        this.opening = opening;
        this.listener = listener;
        this.ssl = opening.engine().sslPointer();
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
        var opening = context.open(ctx.alloc(), host, port);
        var handshake = new Handshake(context, opening, listener);
        handshake.keep(first);
        handshake.input = first;
        opening.handler()
                .handshakeFuture()
                .addListener(done -> handshake.onHandshake(done.cause()));
        ctx.pipeline().addBefore(ctx.name(), null, handshake);
        ctx.pipeline().addBefore(ctx.name(), null, opening.handler());
        if (first.isReadable()) {
            ctx.executor().execute(handshake::feedFirst); // its handler is just reading
        }
    }

    private void feedFirst() {
        ChannelHandlerContext ctx = opening.handler().engine() == null ? null : own;
        if (ctx != null && !ctx.isRemoved()) {
            feed(ctx);
            ctx.fireChannelReadComplete();
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
            ctx.pipeline().remove(SslHandler.class);
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
        ByteBuf in = input;
        if (feeding) {
            return;
        }
        feeding = true;
        while (!over && in.readableBytes() >= RecordKeys.HEADER_BYTES) {
            int at = in.readerIndex();
            int type = in.getUnsignedByte(at);
            int body = in.getUnsignedShort(at + 3);
            if (type < CHANGE_CIPHER_SPEC
                    || type > APPLICATION_DATA
                    || in.getByte(at + 1) != 3
                    || body > MAX_BODY) {
                // BoringSSL says what is wrong with it.
                ctx.fireChannelRead(in.readRetainedSlice(in.readableBytes()));
                break;
            }
            if (in.readableBytes() < RecordKeys.HEADER_BYTES + body) {
                break;
            }
            written = 0;
            ctx.fireChannelRead(in.readRetainedSlice(RecordKeys.HEADER_BYTES + body));
        }
        feeding = false;
        if (over && !failed && !ctx.isRemoved()) {
            end(ctx);
        }
    }

    /** On the loop, from within BoringSSL's handler. */
    private void onHandshake(@Nullable Throwable failure) {
        if (over) {
            return; // given up
        }
        over = true;
        if (failure != null) {
            failed = true;
            context.forget(ssl);
            listener.onFailed(failure);
        }
    }

    /** The records are ours from here on. */
    private void end(ChannelHandlerContext ctx) {
        Result result;
        FrozenTls state = null;
        try {
            state = state();
            result = result(state);
        } catch (TlsException e) {
            LOG.error("a TLS handshake came to an end that is not known here", e);
            context.forget(ssl);
            listener.onFailed(e);
            ctx.close();
            return;
        } finally {
            if (state != null) {
                state.destroy();
            }
        }
        context.forget(ssl);
        ctx.flush();
        ByteBuf rest = input;
        input = Unpooled.EMPTY_BUFFER;
        ctx.pipeline().remove(SslHandler.class);
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

    private FrozenTls state() throws TlsException {
        SSLSession session = opening.engine().getSession();
        TlsSuite suite = TlsSuite.of(session.getCipherSuite());
        boolean client = context.isOfServers();
        byte[] ofClient;
        byte[] ofServer;
        int sent;
        int received;
        if (suite.isTls13()) {
            ofClient = opening.log().traffic(true);
            ofServer = opening.log().traffic(false);
            sent = client ? 0 : written; // tickets; a client's last flight has other keys
            received = 0;
        } else {
            byte[] block = keyBlock(suite);
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
                client ? "" : serverName(),
                peerName(session));
    }

    private byte[] keyBlock(TlsSuite suite) throws TlsException {
        return KeySchedule.keyBlock(
                suite,
                opening.log().master(),
                opening.log().clientRandom(),
                SSL.getServerRandom(ssl),
                2 * suite.secretBytes());
    }

    /** Key and fixed nonce of one side, which do not stand together in the block. */
    private static byte[] concat(byte[] block, int key, int nonce, TlsSuite suite) {
        byte[] secret = Arrays.copyOfRange(block, key, key + suite.secretBytes());
        System.arraycopy(block, nonce, secret, suite.keyBytes(), suite.fixedNonceBytes());
        return secret;
    }

    private String serverName() {
        String name = SSL.getSniHostname(ssl);
        return name == null ? "" : name;
    }

    private static String peerName(SSLSession session) {
        try {
            return session.getPeerPrincipal().getName();
        } catch (SSLPeerUnverifiedException e) {
            return "";
        }
    }

    private Result result(FrozenTls state) throws TlsException {
        SSLSession session = opening.engine().getSession();
        String protocol = opening.engine().getNegotiatedApplicationProtocol();
        Optional<X509Certificate> peer;
        try {
            peer = first(session.getPeerCertificates());
        } catch (SSLPeerUnverifiedException e) {
            peer = Optional.empty();
        }
        return new Result(
                new TlsRecords(state),
                protocol == null ? "" : protocol,
                first(session.getLocalCertificates()),
                peer);
    }

    private static Optional<X509Certificate> first(Certificate @Nullable [] chain) {
        return chain != null && chain.length > 0 && chain[0] instanceof X509Certificate own
                ? Optional.of(own)
                : Optional.empty();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        if (msg instanceof ByteBuf out) {
            if (out.isReadable()) {
                forgetSaid();
            }
            int at = out.readerIndex();
            while (out.writerIndex() - at >= RecordKeys.HEADER_BYTES) {
                written += out.getUnsignedByte(at) == APPLICATION_DATA ? 1 : 0;
                at += RecordKeys.HEADER_BYTES + out.getUnsignedShort(at + 3);
            }
        }
        ctx.write(msg, promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        context.forget(ssl);
        forgetSaid();
        input.release();
        input = Unpooled.EMPTY_BUFFER;
    }
}
