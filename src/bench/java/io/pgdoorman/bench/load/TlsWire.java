package io.pgdoorman.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS by JSSE, asked for by SSLRequest. The certificate is made for the run and not checked.
 *
 * <p>Threads: those of its connection.
 */
final class TlsWire implements Wire {
    private static final byte[] SSL_REQUEST = {0, 0, 0, 8, 4, (byte) 0xd2, 0x16, 0x2f};
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
    private static final SSLContext CONTEXT = context();

    private final SocketChannel channel;
    private final SSLEngine engine;
    private final ByteBuffer in;
    private final ByteBuffer out;

    private TlsWire(SocketChannel channel) {
        this.channel = channel;
        engine = CONTEXT.createSSLEngine();
        engine.setUseClientMode(true);
        in = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    }

    /** Blocks for the handshake on a channel in blocking mode. */
    static TlsWire handshake(SocketChannel channel) throws IOException {
        Wire.writeAll(channel, ByteBuffer.wrap(SSL_REQUEST));
        ByteBuffer answer = ByteBuffer.allocate(1);
        if (channel.read(answer) != 1 || answer.get(0) != 'S') {
            throw new IOException("no TLS is offered");
        }
        var wire = new TlsWire(channel);
        wire.engine.beginHandshake();
        wire.handshake();
        return wire;
    }

    private void handshake() throws IOException {
        ByteBuffer content = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> write(NOTHING.duplicate());
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (in.position() == 0 || unwrap(content) == 0) {
                        fill();
                    }
                }
                case NEED_TASK -> engine.getDelegatedTask().run();
                case FINISHED, NOT_HANDSHAKING -> {
                    return;
                }
            }
        }
    }

    private void fill() throws IOException {
        if (channel.read(in) < 0) {
            throw new IOException("closed by the peer");
        }
    }

    /**
     * Opens the record at the beginning of what has come; how many bytes it took, 0 if it is cut.
     */
    private int unwrap(ByteBuffer into) throws SSLException {
        in.flip();
        SSLEngineResult result = engine.unwrap(in, into);
        in.compact();
        return switch (result.getStatus()) {
            case OK -> result.bytesConsumed();
            case BUFFER_UNDERFLOW, CLOSED -> 0;
            case BUFFER_OVERFLOW -> throw new SSLException("an answer that is too long");
        };
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        int before = into.position();
        int count = channel.read(in);
        while (in.position() > 0 && unwrap(into) > 0) {
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                engine.getDelegatedTask().run(); // of a session ticket
            }
        }
        return count < 0 ? count : into.position() - before;
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
        do {
            out.clear();
            engine.wrap(bytes, out);
            Wire.writeAll(channel, out.flip());
        } while (bytes.hasRemaining());
    }

    private static SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trusting()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket at) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket at) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine at) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine at) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
