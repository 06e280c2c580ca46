package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.pgdoorman.tls.Handshake;
import io.pgdoorman.tls.TlsContext;
import io.pgdoorman.wire.frontend.SSLRequest;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/**
 * The first exchange on a connection to PostgreSQL that is to be encrypted: SSLRequest, one byte,
 * handshake. Threads: confined to the connection's loop.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL">SSL
 *     Session Encryption</a>
 */
final class TlsRequest {
    /** Hears exactly one of them, once; nothing if the connection ends before. */
    interface Listener {
        /**
         * What is read and written is encrypted on its way.
         *
         * @param certificate PostgreSQL's; empty if it showed none
         */
        void onSecure(Optional<X509Certificate> certificate, long handshakeNanos);

        /** PostgreSQL has no TLS; the connection goes on without. */
        void onRefused();

        /** The channel is to be closed. */
        void onFailed(String reason);
    }

    private final ServerTarget target;
    private final TlsContext context;
    private final Listener listener;
    private boolean answered;

    TlsRequest(ServerTarget target, TlsContext context, Listener listener) {
        this.target = target;
        this.context = context;
        this.listener = listener;
    }

    void begin(ChannelHandlerContext ctx) {
        if (target.tls().direct()) {
            answered = true;
            handshake(ctx);
            return;
        }
        ByteBuf out = ctx.alloc().buffer(8);
        new SSLRequest().encode(out);
        ctx.writeAndFlush(out);
    }

    /** Whether the answer has been read. */
    boolean isAnswered() {
        return answered;
    }

    /** Reads the answer, if there is something to read. */
    void read(ChannelHandlerContext ctx, ByteBuf in) {
        if (answered || !in.isReadable()) {
            return;
        }
        answered = true;
        byte answer = in.readByte();
        switch (answer) {
            case 'S' -> {
                if (in.isReadable()) {
                    // Bytes an attacker may have put there would count as PostgreSQL's.
                    listener.onFailed("it sent unencrypted data after its answer to SSLRequest");
                } else {
                    handshake(ctx);
                }
            }
            case 'N' -> listener.onRefused();
            case 'E' -> {
                in.skipBytes(in.readableBytes()); // nobody knows who says it: it is not shown
                listener.onFailed("it answered SSLRequest by an error");
            }
            default -> listener.onFailed("it does not speak the PostgreSQL protocol");
        }
    }

    private void handshake(ChannelHandlerContext ctx) {
        long began = System.nanoTime();
        Handshake.begin(
                ctx,
                context,
                target.host(),
                target.port(),
                Unpooled.EMPTY_BUFFER,
                new Handshake.Listener() {
                    @Override
                    public void onSecure(Handshake.Result result) {
                        if (target.tls().direct() && result.protocol().isEmpty()) {
                            listener.onFailed(
                                    "it did not agree by ALPN on what the connection is for;"
                                            + " server_tls_negotiation = \"direct\" needs PostgreSQL"
                                            + " 17");
                            return;
                        }
                        listener.onSecure(result.peer(), System.nanoTime() - began);
                    }

                    @Override
                    public void onFailed(Throwable cause) {
                        listener.onFailed("TLS negotiation failed: " + reason(cause));
                    }
                });
    }

    /** What was found wrong with a certificate, else the innermost message. */
    private static String reason(Throwable failure) {
        Throwable last = failure;
        while (!(last instanceof CertificateException)
                && last.getCause() != null
                && last.getCause().getMessage() != null) {
            last = last.getCause();
        }
        return String.valueOf(last.getMessage());
    }
}
