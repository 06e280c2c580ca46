package io.pgdoorman.net;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.pgdoorman.tls.FrozenTls;
import io.pgdoorman.tls.TlsException;
import io.pgdoorman.tls.TlsRecords;

import org.jspecify.annotations.Nullable;

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
    private final @Nullable TlsRecords records;

    /** Any thread, before the channel is registered. */
    AttachedChannel(Channel channel, DetachedSocket socket) throws TlsException {
        this.channel = channel;
        this.socket = socket;
        channel.config().setAutoRead(false);
        channel.pipeline().addFirst(head);
        FrozenTls tls = socket.tls();
        records = tls == null ? null : new TlsRecords(tls);
        if (tls != null) {
            channel.pipeline().addLast(records);
            tls.destroy();
        }
    }

    /** The owner adds its handlers behind, and writes only after {@link #writeFirst}. */
    public Channel channel() {
        return channel;
    }

    /** Writes what was left to be written. To be called once, on the loop, before other writes. */
    public void writeFirst() {
        byte[] unwritten = socket.unwritten();
        ChannelHandlerContext ctx = channel.pipeline().context(head);
        if (unwritten.length > 0 && ctx != null) { // it is encrypted already if it has to be
            ctx.writeAndFlush(Unpooled.wrappedBuffer(unwritten), channel.voidPromise());
        }
    }

    /** As {@link #resume(byte[])}, with nothing before it. */
    public boolean resume() {
        return resume(new byte[0]);
    }

    /**
     * The handlers hear what was left to be read, and then whatever comes.
     *
     * @param first what they hear before, not encrypted
     * @return false if the connection has broken already: no handler will hear of that
     */
    public boolean resume(byte[] first) {
        assert channel.eventLoop().inEventLoop();
        ChannelHandlerContext ctx = channel.pipeline().context(head);
        if (ctx == null || head.inactive) {
            return false;
        }
        if (first.length > 0) {
            ChannelHandlerContext behind =
                    records == null ? ctx : channel.pipeline().context(records);
            behind.fireChannelRead(channel.alloc().buffer(first.length).writeBytes(first));
            behind.fireChannelReadComplete();
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
