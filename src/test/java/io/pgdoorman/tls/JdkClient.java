package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/** A client with the JDK's TLS, which offers what a test wants. It trusts everybody. */
final class JdkClient {
    private static final int HANDSHAKE = 22;

    private final SSLEngine engine;

    /** All the server said. */
    private final ByteBuf heard = Unpooled.buffer();

    @Nullable SSLException failure;

    JdkClient(SSLContext context, SSLParameters offers) {
        engine = context.createSSLEngine("localhost", 5432);
        engine.setUseClientMode(true);
        engine.setSSLParameters(offers);
    }

    /** With the sessions of one, another client could go on. */
    static SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static SSLParameters offers(String... versions) {
        var offers = new SSLParameters();
        offers.setProtocols(versions);
        return offers;
    }

    static SSLParameters offersAlpn(String... protocols) {
        var offers = new SSLParameters();
        offers.setApplicationProtocols(protocols);
        return offers;
    }

    /** Until it is over or somebody waits for ever. */
    JdkClient run(TlsPair.End server) {
        try {
            engine.beginHandshake();
            while (step(server)) {}
        } catch (SSLException e) {
            failure = e;
        }
        return this;
    }

    private boolean step(TlsPair.End server) throws SSLException {
        HandshakeStatus status = engine.getHandshakeStatus();
        switch (status) {
            case NEED_TASK -> engine.getDelegatedTask().run();
            case NEED_WRAP -> {
                ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
                engine.wrap(ByteBuffer.allocate(0), out);
                if (server.channel.isOpen()) {
                    server.channel.writeInbound(Unpooled.copiedBuffer(out.flip()));
                }
                server.channel.runPendingTasks();
                hear(server);
            }
            case NEED_UNWRAP -> {
                ByteBuffer in = heard.nioBuffer();
                int before = in.remaining();
                engine.unwrap(
                        in, ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()));
                heard.skipBytes(before - in.remaining());
                return in.remaining() < before;
            }
            case FINISHED, NOT_HANDSHAKING, NEED_UNWRAP_AGAIN -> {
                return false;
            }
        }
        return true;
    }

    private void hear(TlsPair.End server) {
        for (ByteBuf out = server.channel.readOutbound();
                out != null;
                out = server.channel.readOutbound()) {
            heard.writeBytes(out);
            out.release();
        }
    }

    String failed() {
        return failure == null ? "no failure" : String.valueOf(failure.getMessage());
    }

    /** Types of the handshake messages the server has sent before it began to encrypt. */
    List<Integer> messages() {
        List<Integer> types = new ArrayList<>();
        ByteBuf all = heard.duplicate().readerIndex(0);
        while (all.isReadable() && all.getByte(all.readerIndex()) == HANDSHAKE) {
            ByteBuf record = all.skipBytes(3).readSlice(all.readUnsignedShort());
            while (record.isReadable()) {
                types.add((int) record.readByte());
                record.skipBytes(record.readUnsignedMedium());
            }
        }
        return types;
    }
}
