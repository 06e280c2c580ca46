package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/** JSSE at the other end of a {@link TlsPair.End}, with one cipher suite. Threads: the test's. */
final class JsseEnd {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLEngine engine;
    private final TlsPair.End peer;
    private final ByteBuffer out;
    private final ByteBuffer content;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private ByteBuffer in = NOTHING;

    /**
     * @param keys of the certificate it shows; none as a client
     */
    JsseEnd(TlsSuite suite, boolean client, KeyManager[] keys, TlsPair.End peer) {
        this.peer = peer;
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, new X509ExtendedTrustManager[] {new Trusting()}, new SecureRandom());
            engine = context.createSSLEngine("localhost", 5432);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        engine.setUseClientMode(client);
        engine.setEnabledProtocols(new String[] {suite.version()});
        engine.setEnabledCipherSuites(new String[] {suite.name()});
        out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        content = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    }

    /** Until neither end has anything to say. */
    void exchange() throws SSLException {
        boolean moved = true;
        while (moved) {
            moved = say(NOTHING);
            moved |= hear();
        }
    }

    /** Sends content. */
    void send(byte[] bytes) throws SSLException {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            wrap(left);
        }
        exchange();
    }

    void begin() throws SSLException {
        engine.beginHandshake();
        exchange();
    }

    /** The content that came since the last call. */
    byte[] received() {
        byte[] bytes = received.toByteArray();
        received.reset();
        return bytes;
    }

    /** Everything that the peer has written since the last call. */
    byte[] written() {
        byte[] bytes = sent.toByteArray();
        sent.reset();
        return bytes;
    }

    private boolean say(ByteBuffer bytes) throws SSLException {
        boolean moved = false;
        while (runTasks() == HandshakeStatus.NEED_WRAP && wrap(bytes)) {
            moved = true;
        }
        return moved;
    }

    private boolean wrap(ByteBuffer bytes) throws SSLException {
        engine.wrap(bytes, out.clear());
        out.flip();
        if (!out.hasRemaining()) {
            return false;
        }
        if (peer.channel.isOpen()) {
            peer.channel.writeInbound(Unpooled.copiedBuffer(out));
            peer.channel.runPendingTasks();
        }
        return true;
    }

    private boolean hear() throws SSLException {
        boolean moved = false;
        for (ByteBuf next = peer.channel.readOutbound();
                next != null;
                next = peer.channel.readOutbound()) {
            byte[] bytes = ByteBufUtil.getBytes(next);
            next.release();
            sent.writeBytes(bytes);
            in = ByteBuffer.allocate(in.remaining() + bytes.length).put(in).put(bytes).flip();
        }
        while (in.hasRemaining() && runTasks() != HandshakeStatus.NEED_WRAP) {
            SSLEngineResult result = engine.unwrap(in, content.clear());
            received.write(content.array(), 0, content.position());
            if (result.bytesConsumed() == 0) {
                break;
            }
            moved = true;
        }
        return moved;
    }

    private HandshakeStatus runTasks() {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
            engine.getDelegatedTask().run();
        }
        return engine.getHandshakeStatus();
    }

    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
