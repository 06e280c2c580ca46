package io.pgdoorman.testing;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A channel without a socket, on an event loop that runs when the test says so. Its peer can stop
 * reading and can close one half. Threads: the test's.
 */
public final class TestChannel extends EmbeddedChannel implements DuplexChannel {
    private boolean blocked;
    private boolean inputShutdown;
    private boolean outputShutdown;
    private @Nullable SocketAddress peer;

    /** Where the peer is, from now on. */
    public void comeFrom(SocketAddress address) {
        peer = address;
    }

    @Override
    public SocketAddress remoteAddress() {
        return peer == null ? super.remoteAddress() : peer;
    }

    /** The peer sends these bytes, in one read. */
    public void send(byte[]... parts) {
        if (!isOpen()) {
            return; // into the void, as on a socket
        }
        writeInbound(buffer(Frontend.concat(parts)));
    }

    /** The peer sends these bytes, in reads of at most {@code size} bytes. */
    public void sendInPieces(byte[] bytes, int size) {
        for (int from = 0; from < bytes.length && isOpen(); from += size) {
            int length = Math.min(size, bytes.length - from);
            ByteBuf piece = alloc().buffer(length);
            writeInbound(piece.writeBytes(bytes, from, length));
        }
    }

    /** The peer sends no more, but reads on. */
    public void endInput() {
        inputShutdown = true;
        pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        runPendingTasks();
    }

    /** The connection breaks off. */
    public void disconnectPeer() {
        close();
        runPendingTasks();
    }

    /** The peer does not read: what is written piles up from now on. */
    public void block() {
        blocked = true;
    }

    /** The peer reads again. */
    public void unblock() {
        blocked = false;
        flush();
        runPendingTasks();
    }

    /** All bytes the peer was sent and has not taken by an earlier call. */
    public byte[] receivedBytes() {
        var bytes = new ByteArrayOutputStream();
        ByteBuf part = readOutbound();
        while (part != null) {
            byte[] copy = new byte[part.readableBytes()];
            part.readBytes(copy);
            part.release();
            bytes.writeBytes(copy);
            part = readOutbound();
        }
        return bytes.toByteArray();
    }

    /** The same, as messages; they must be complete. */
    public List<Message> received() {
        var in = ByteBuffer.wrap(receivedBytes());
        List<Message> messages = new ArrayList<>();
        while (in.hasRemaining()) {
            char type = (char) in.get();
            byte[] body = new byte[in.getInt() - Integer.BYTES];
            in.get(body);
            messages.add(new Message(type, body));
        }
        return messages;
    }

    /** The same, as their type bytes alone. */
    public String receivedTypes() {
        var types = new StringBuilder();
        received().forEach(message -> types.append(message.type()));
        return types.toString();
    }

    /** Ends the channel and frees what nobody took. */
    public void dispose() {
        blocked = false;
        finishAndReleaseAll();
    }

    private ByteBuf buffer(byte[] bytes) {
        return alloc().buffer(Math.max(1, bytes.length)).writeBytes(bytes);
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
        if (!blocked) {
            super.doWrite(in);
        }
    }

    @Override
    public boolean isInputShutdown() {
        return inputShutdown;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        inputShutdown = true;
        return promise.setSuccess();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        outputShutdown = true;
        return promise.setSuccess();
    }

    @Override
    public boolean isShutdown() {
        return inputShutdown && outputShutdown;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        inputShutdown = true;
        return shutdownOutput(promise);
    }
}
