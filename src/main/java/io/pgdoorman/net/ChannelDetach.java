package io.pgdoorman.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.util.ReferenceCountUtil;
import io.pgdoorman.tls.FrozenTls;
import io.pgdoorman.tls.Handshake;
import io.pgdoorman.tls.TlsRecords;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.function.Consumer;

/**
 * Takes one channel off its loop, without a byte lost and without waiting for its peer. From the
 * start on it sits at the head of the pipeline, so that the handlers behind it hear nothing more.
 *
 * <ol>
 *   <li>a write that the kernel is just doing is brought to an end (io_uring)
 *   <li>what is not written is taken out of the channel's buffer; nothing is flushed from then on
 *   <li>the channel is deregistered; a receive under way completes before that does, so its bytes
 *       are among those unread
 *   <li>the descriptor is taken away, the channel closed
 * </ol>
 *
 * <p>If the connection breaks meanwhile, a descriptor takes its place that reads the end.
 *
 * <p>Threads: confined to the channel's loop. Owns the buffers it holds.
 */
final class ChannelDetach extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ChannelDetach.class);
    private static final byte[] NOTHING = {};

    private final Sockets sockets;
    private final Channel channel;
    private final Consumer<DetachedSocket> onDetached;
    private final Consumer<Throwable> onFailed;
    private ByteBuf unread = Unpooled.EMPTY_BUFFER;

    ChannelDetach(
            Sockets sockets,
            Channel channel,
            Consumer<DetachedSocket> onDetached,
            Consumer<Throwable> onFailed) {
        this.sockets = sockets;
        this.channel = channel;
        this.onDetached = onDetached;
        this.onFailed = onFailed;
    }

    void start() {
        assert channel.eventLoop().inEventLoop();
        channel.flush(); // what is written is in records then
        channel.pipeline().addFirst(this);
        Handshake handshake = Handshake.of(channel);
        if (handshake != null) { // now: its turn may come before the channel is off its loop
            unread = Unpooled.wrappedBuffer(handshake.giveUp());
        }
        if (!sockets.canRegisterAgain()) {
            channel.config().setAutoRead(false);
        }
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        if (pending == null || pending.totalPendingWriteBytes() == 0) {
            deregister(NOTHING);
        } else {
            sockets.settleWrites(channel, this::onSettled);
        }
    }

    private void onSettled() {
        byte[] unwritten;
        try {
            unwritten = takeUnwritten();
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(e);
            return;
        }
        deregister(unwritten);
    }

    private byte[] takeUnwritten() {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        if (pending == null) {
            return NOTHING;
        }
        pending.addFlush(); // only what is flushed can be looked at
        byte[] bytes = new byte[Math.toIntExact(payload(pending))];
        int at = 0;
        for (Object message = pending.current(); message != null; message = pending.current()) {
            if (message instanceof ByteBuf buffer) {
                int length = buffer.readableBytes();
                buffer.getBytes(buffer.readerIndex(), bytes, at, length);
                at += length;
            }
            pending.remove();
        }
        return bytes;
    }

    private static long payload(ChannelOutboundBuffer pending) {
        long[] sum = {0};
        try {
            pending.forEachFlushedMessage(
                    message -> {
                        sum[0] += message instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
                        return true;
                    });
        } catch (Exception e) {
            throw new IllegalStateException(e); // the processor above throws none
        }
        return sum[0];
    }

    private void deregister(byte[] unwritten) {
        channel.deregister().addListener(_ -> finish(unwritten));
    }

    private void finish(byte[] unwritten) {
        DetachedSocket detached;
        try {
            detached = take(unwritten);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            fail(e);
            return;
        }
        channel.close();
        onDetached.accept(detached);
    }

    private void fail(Throwable cause) {
        unread.release();
        unread = Unpooled.EMPTY_BUFFER;
        channel.close();
        onFailed.accept(cause);
    }

    private DetachedSocket take(byte[] unwritten) throws IOException {
        TlsRecords records = TlsRecords.of(channel);
        FrozenTls tls = null;
        if (records != null) {
            tls = records.freeze();
            ByteBuf begun = Unpooled.wrappedBuffer(records.takePartial());
            unread = Unpooled.wrappedBuffer(begun, unread);
            channel.pipeline().remove(records); // it must not say goodbye
        }
        byte[] read = io.netty.buffer.ByteBufUtil.getBytes(unread);
        unread.release();
        unread = Unpooled.EMPTY_BUFFER;
        try {
            return new DetachedSocket(Descriptors.release(channel), read, unwritten, tls);
        } catch (IOException e) {
            LOG.debug("{} broke while it was detached", channel, e);
            return DetachedSocket.broken(read, tls);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (msg instanceof ByteBuf read) {
            unread = unread.isReadable() ? Unpooled.wrappedBuffer(unread, read) : read;
        } else {
            ReferenceCountUtil.release(msg);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // nobody behind hears it
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        // nobody behind hears it
    }

    /** The end of input, for one: the kernel will tell it again. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        // nobody behind hears it
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        // nobody behind hears it
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext ctx) {
        // nobody behind hears it
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("{} while it was detached", channel, cause);
    }
}
