package io.pgdoorman.net;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * A detached connection back on a loop. It is still: nothing is read and no handler hears of it
 * until {@link #resume}.
 *
 * <p>Threads: confined to the channel's loop.
 */
public final class AttachedChannel {
    private final Channel channel;
    private final DetachedSocket socket;
    private final Head head = new Head();

    AttachedChannel(Channel channel, DetachedSocket socket) {
        this.channel = channel;
        this.socket = socket;
        channel.config().setAutoRead(false);
        channel.pipeline().addFirst(head);
    }

    /** The owner adds its handlers, and writes only after {@link #writeFirst}. */
    public Channel channel() {
        return channel;
    }

    /** Writes what was left to be written. To be called once, on the loop, before other writes. */
    public void writeFirst() {
        byte[] unwritten = socket.unwritten();
        if (unwritten.length > 0) {
            channel.writeAndFlush(Unpooled.wrappedBuffer(unwritten), channel.voidPromise());
        }
    }

    /**
     * The handlers hear what was left to be read, and then whatever comes.
     *
     * @return false if the connection has broken already: no handler will hear of that
     */
    public boolean resume() {
        assert channel.eventLoop().inEventLoop();
        ChannelHandlerContext ctx = channel.pipeline().context(head);
        if (ctx == null || head.inactive) {
            return false;
        }
        byte[] unread = socket.unread();
        if (unread.length > 0) {
            ctx.fireChannelRead(channel.alloc().buffer(unread.length).writeBytes(unread));
            ctx.fireChannelReadComplete();
        }
        if (head.inactive) {
            ctx.fireChannelInactive();
        }
        if (!ctx.isRemoved()) {
            channel.pipeline().remove(head);
        }
        return true;
    }

    /** Keeps events from the handlers until they are to hear them. */
    private static final class Head extends ChannelInboundHandlerAdapter {
        private boolean inactive;

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            // it has been active for long
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            // told at the end
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            inactive = true;
        }
    }
}
