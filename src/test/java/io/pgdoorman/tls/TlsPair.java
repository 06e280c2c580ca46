package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;

/** A client and the pooler, or the pooler and a server, whose bytes the test carries over. */
final class TlsPair implements AutoCloseable {
    /** One end. */
    static final class End implements Handshake.Listener {
        final EmbeddedChannel channel =
                new EmbeddedChannel(
                        new ChannelInboundHandlerAdapter() {
                            @Override
                            public void exceptionCaught(
                                    ChannelHandlerContext ctx, Throwable cause) {
                                failure = cause;
                            }
                        });
        Handshake.@Nullable Result result;
        @Nullable Throwable failure;

        void begin(TlsContext context, String host, ByteBuf first) {
            Handshake.begin(channel.pipeline().firstContext(), context, host, 5432, first, this);
        }

        @Override
        public void onSecure(Handshake.Result done) {
            result = done;
        }

        @Override
        public void onFailed(Throwable cause) {
            failure = cause;
        }

        Handshake.Result secure() {
            Handshake.Result done = result;
            if (done == null) {
                throw new IllegalStateException("not secure", failure);
            }
            return done;
        }

        String failed() {
            return failure == null ? "no failure" : String.valueOf(failure.getMessage());
        }
    }

    final End client = new End();
    final End server = new End();

    /** Whole flights at once. */
    TlsPair run(TlsContext opens, String host, TlsContext answers) {
        server.begin(answers, "", Unpooled.EMPTY_BUFFER);
        client.begin(opens, host, Unpooled.EMPTY_BUFFER);
        exchange(Integer.MAX_VALUE);
        return this;
    }

    /** Until nothing more comes, in pieces of {@code size}. */
    void exchange(int size) {
        boolean moved = true;
        while (moved) {
            moved = carry(client.channel, server.channel, size);
            moved |= carry(server.channel, client.channel, size);
        }
    }

    static boolean carry(EmbeddedChannel from, EmbeddedChannel to, int size) {
        from.runPendingTasks();
        boolean moved = false;
        for (ByteBuf out = from.readOutbound(); out != null; out = from.readOutbound()) {
            while (out.isReadable()) {
                ByteBuf piece = out.readBytes(Math.min(size, out.readableBytes()));
                if (to.isOpen()) {
                    to.writeInbound(piece);
                } else {
                    piece.release();
                }
                moved = true;
            }
            out.release();
        }
        to.runPendingTasks();
        return moved;
    }

    /** What the server reads if the client writes it. */
    String tell(String text) {
        client.channel.writeOutbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
        carry(client.channel, server.channel, Integer.MAX_VALUE);
        ByteBuf in = server.channel.readInbound();
        String read = in.toString(StandardCharsets.US_ASCII);
        in.release();
        return read;
    }

    @Override
    public void close() {
        client.channel.finishAndReleaseAll();
        server.channel.finishAndReleaseAll();
    }
}
