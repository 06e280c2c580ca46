package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.pgdoorman.net.DeadPeerException;
import io.pgdoorman.tls.TlsException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;

/** Last inbound handler of a server's channel: turns channel events into {@link Server} calls. */
public final class ServerHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ServerHandler.class);

    private final boolean rehearse;
    private Server server;

    /**
     * @param rehearse freeze and thaw after each event: a test of the state's completeness
     */
    public ServerHandler(Server server, boolean rehearse) {
        this.server = server;
        this.rehearse = rehearse;
    }

    /** One object for one connection, but it may go on in the pipeline of another channel. */
    @Override
    public boolean isSharable() {
        return true;
    }

    /** The events go to {@code thawed} from now on. */
    public void replace(Server thawed) {
        server = thawed;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        server.onRead((ByteBuf) msg);
        rehearse();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        server.onReadComplete();
        rehearse();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        server.onWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        server.onInactive();
    }

    private void rehearse() {
        if (rehearse && !server.isClosed()) {
            server.owner().onRehearse(server);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof DeadPeerException) {
            LOG.warn("{} closed: {}", server.identity(), cause.getMessage());
        } else if (cause instanceof TlsException) {
            LOG.warn("{} closed: TLS: {}", server.identity(), cause.getMessage());
        } else if (cause instanceof IOException) {
            LOG.debug("{} connection lost: {}", server.identity(), cause.toString());
        } else {
            LOG.error("{} unexpected failure, closing it", server.identity(), cause);
        }
        ctx.close();
    }
}
