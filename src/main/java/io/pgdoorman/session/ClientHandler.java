package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.pgdoorman.net.DeadPeerException;
import io.pgdoorman.tls.TlsException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;

/** Last inbound handler of a client's channel: turns channel events into {@link Session} calls. */
final class ClientHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ClientHandler.class);

    private final boolean rehearse;
    private Session session;

    /**
     * @param rehearse freeze and thaw after each event: a test of the state's completeness
     */
    ClientHandler(Session session, boolean rehearse) {
        this.session = session;
        this.rehearse = rehearse;
    }

    /** The events go to {@code thawed} from now on. */
    void replace(Session thawed) {
        session = thawed;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        session.onRead((ByteBuf) msg);
        if (rehearse) {
            session.rehearse();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        session.onReadComplete();
        if (rehearse) {
            session.rehearse();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        session.onWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            session.onInputEnd();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        session.onInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof DeadPeerException) {
            session.close(CloseReason.DEAD_PEER);
        } else if (cause instanceof TlsException) {
            LOG.warn(
                    "{} client {} disconnected with error: TLS: {}",
                    session.identity(),
                    session.identity().address(),
                    cause.getMessage());
            session.close(CloseReason.TLS);
        } else if (cause instanceof IOException) {
            LOG.debug("{} connection lost: {}", session.identity(), cause.toString());
            ctx.close();
        } else {
            session.onFailure(cause);
        }
    }
}
