package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;

import org.jspecify.annotations.Nullable;

import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;

import javax.crypto.Cipher;

/**
 * The records of a connection after its handshake: the handlers behind it read and write content,
 * the channel carries ciphertext. What is written between two flushes shares records, as far as
 * they hold it.
 *
 * <p>The connection can be taken to another loop or process at any moment: {@link #freeze} and
 * {@link #takePartial} are all there is to know.
 *
 * <p>Threads: confined to the channel's loop. Owns the buffers it holds.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-5">RFC 8446, 5</a>
 */
public final class TlsRecords extends ChannelDuplexHandler {
    private static final int MAX_BODY_1_3 = RecordKeys.MAX_CONTENT + 256;
    private static final int MAX_BODY_1_2 = RecordKeys.MAX_CONTENT + 2_048;

    /** So many updates of the peer's key with nothing between them are an attack. */
    private static final int MAX_KEY_UPDATES = 32;

    /** So many records without content, one after the other, are an attack. */
    private static final int MAX_EMPTY_RECORDS = 32;

    /**
     * Of records that have a part of a handshake message each. A peer that has content to send, or
     * a message that is worth it, fills them; whoever does not would have each looked at again.
     */
    private static final int MIN_FRAGMENT = 256;

    /** Of a handshake message that comes after the handshake. */
    private static final int MAX_MESSAGE = 1 << 16;

    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;

    private static final int NEW_SESSION_TICKET = 4;
    private static final int KEY_UPDATE = 24;

    private static final int WARNING = 1;
    private static final int FATAL = 2;
    private static final int CLOSE_NOTIFY = 0;
    private static final int USER_CANCELED = 90;

    /** Where a record stands while it is protected or opened. */
    private static final class Scratch {
        final byte[] record = new byte[RecordKeys.HEADER_BYTES + MAX_BODY_1_2];
        final byte[] content = new byte[MAX_BODY_1_2];
    }

    private static final FastThreadLocal<Scratch> SCRATCH =
            new FastThreadLocal<>() {
                @Override
                protected Scratch initialValue() {
                    return new Scratch();
                }
            };

    private final boolean ofClient;
    private final TlsSuite suite;
    private final RecordKeys reading;
    private final RecordKeys writing;
    private final String serverName;
    private final String peerName;

    private final Queue<ByteBuf> pending = new ArrayDeque<>(2);
    private final List<ChannelPromise> promises = new ArrayList<>(1);
    private int pendingBytes;

    /** The beginning of a record whose end has not come. */
    private @Nullable ByteBuf partial;

    private byte[] unfinished;
    private int keyUpdates;
    private int emptyRecords;

    /** The answer to an update of the peer's key is not with the kernel yet. */
    private boolean updateAnswered;

    private boolean inputOver;
    private boolean outputOver;
    private @Nullable ChannelHandlerContext context;

    /**
     * Of a connection that comes from elsewhere.
     *
     * @param state where it stands; not used any more afterwards, its secrets are the caller's to
     *     destroy
     * @throws TlsException if the suite is not known here
     */
    public TlsRecords(FrozenTls state) throws TlsException {
        this(state, false);
    }

    /**
     * @param ofClient the peer is a client, which has no tickets to give; one that comes from
     *     elsewhere may be, and its tickets are counted only
     */
    TlsRecords(FrozenTls state, boolean ofClient) throws TlsException {
        this.ofClient = ofClient;
        this.suite = TlsSuite.of(state.suite());
        if (state.readSecret().length != suite.secretBytes()
                || state.writeSecret().length != suite.secretBytes()
                || state.readSequence() < 0
                || state.writeSequence() < 0) {
            throw new TlsException("the state of a TLS connection is damaged: " + state);
        }
        this.reading =
                new RecordKeys(
                        suite, state.readSecret(), state.readSequence(), Cipher.DECRYPT_MODE);
        this.writing =
                new RecordKeys(
                        suite, state.writeSecret(), state.writeSequence(), Cipher.ENCRYPT_MODE);
        this.unfinished = state.unfinished();
        this.serverName = state.serverName();
        this.peerName = state.peerName();
    }

    /** The records of a channel; null if it is not encrypted. Any thread. */
    public static @Nullable TlsRecords of(Channel channel) {
        return channel.pipeline().get(TlsRecords.class);
    }

    /** Which suite protects it, and so which version. Any thread. */
    public TlsSuite suite() {
        return suite;
    }

    /** The name the client asked for; empty if none. Any thread. */
    public String serverName() {
        return serverName;
    }

    /** Subject of the peer's certificate; empty if it showed none. Any thread. */
    public String peerName() {
        return peerName;
    }

    // ---- freeze ---------------------------------------------------------------------------------

    /** Where it stands, after everything that was written is flushed. */
    public FrozenTls freeze() {
        if (pendingBytes > 0) {
            throw new IllegalStateException("not flushed");
        }
        return new FrozenTls(
                suite.id(),
                reading.secret(),
                reading.sequence(),
                writing.secret(),
                writing.sequence(),
                unfinished,
                serverName,
                peerName);
    }

    /** Leaves the pipeline to another one like it, for that of the connection's next channel. */
    public TlsRecords moveOn() {
        FrozenTls state = freeze();
        try {
            var next = new TlsRecords(state, ofClient);
            next.partial = partial;
            next.inputOver = inputOver;
            next.outputOver = outputOver;
            next.keyUpdates = keyUpdates;
            next.emptyRecords = emptyRecords;
            partial = null;
            ChannelHandlerContext ctx = context;
            if (ctx != null) {
                ctx.pipeline().remove(this);
            }
            return next;
        } catch (TlsException e) {
            throw new IllegalStateException(e); // its suite was known so far
        } finally {
            state.destroy();
        }
    }

    /** The beginning of the next record, which is to be read before anything else. */
    public byte[] takePartial() {
        ByteBuf held = partial;
        partial = null;
        if (held == null) {
            return new byte[0];
        }
        byte[] bytes = ByteBufUtil.getBytes(held);
        held.release();
        return bytes;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        context = null;
        release();
        reading.destroy();
        writing.destroy();
    }

    private void release() {
        takePartial();
        for (ByteBuf held = pending.poll(); held != null; held = pending.poll()) {
            held.release();
        }
        pendingBytes = 0;
        if (!promises.isEmpty()) {
            var cause = new ClosedChannelException();
            promises.forEach(promise -> promise.tryFailure(cause));
            promises.clear();
        }
    }

    // ---- reading --------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        if (inputOver) {
            in.release();
            return;
        }
        ByteBuf held = partial;
        if (held != null) {
            partial = null;
            in = held.writeBytes(in);
            ReferenceCountUtil.release(msg);
        }
        TlsException failure = null;
        ByteBuf content = null;
        try {
            while (!inputOver && in.readableBytes() >= RecordKeys.HEADER_BYTES) {
                checkType(in);
                int body = in.getUnsignedShort(in.readerIndex() + 3);
                if (body > (suite.isTls13() ? MAX_BODY_1_3 : MAX_BODY_1_2)) {
                    throw new TlsException(
                            TlsException.RECORD_OVERFLOW,
                            "a record of %d bytes is too long".formatted(body));
                }
                if (in.readableBytes() < RecordKeys.HEADER_BYTES + body) {
                    break;
                }
                content = readRecord(ctx, in, body, content);
            }
        } catch (TlsException e) {
            failure = e;
        }
        keepRest(ctx, in);
        // Last, for what the handlers do may end this one.
        if (content != null) {
            ctx.fireChannelRead(content);
        }
        if (failure != null) {
            fail(ctx, failure);
        } else if (inputOver) {
            onInputOver(ctx);
        }
    }

    private void checkType(ByteBuf in) throws TlsException {
        int type = in.getByte(in.readerIndex());
        boolean known = suite.isTls13() ? type == APPLICATION_DATA : type >= ALERT;
        if (!known || type > APPLICATION_DATA || in.getByte(in.readerIndex() + 1) != 3) {
            throw new TlsException("what came is no record of this connection");
        }
    }

    private void keepRest(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.isReadable() && !inputOver) {
            int whole = RecordKeys.HEADER_BYTES;
            if (in.readableBytes() >= whole) {
                whole += in.getUnsignedShort(in.readerIndex() + 3);
            }
            partial = ctx.alloc().buffer(Math.max(whole, in.readableBytes())).writeBytes(in);
        }
        in.release();
    }

    /**
     * @return {@code content} with that of this record behind it; null if there is none yet
     */
    private @Nullable ByteBuf readRecord(
            ChannelHandlerContext ctx, ByteBuf in, int body, @Nullable ByteBuf content)
            throws TlsException {
        Scratch scratch = SCRATCH.get();
        in.readBytes(scratch.record, 0, RecordKeys.HEADER_BYTES + body);
        int opened = reading.open(scratch.record, body, scratch.content);
        int length = opened & 0xffff;
        if (length > RecordKeys.MAX_CONTENT) {
            throw new TlsException(
                    TlsException.RECORD_OVERFLOW, "the content of a record is too long");
        }
        switch (opened >> 16) {
            case APPLICATION_DATA -> {
                if (unfinished.length > 0) {
                    throw new TlsException("content came in the middle of a handshake message");
                }
                if (length == 0) {
                    onNoContent();
                    return content;
                }
                keyUpdates = 0;
                emptyRecords = 0;
                ByteBuf all =
                        content == null ? ctx.alloc().buffer(length + in.readableBytes()) : content;
                return all.writeBytes(scratch.content, 0, length);
            }
            case ALERT -> onAlert(scratch.content, length);
            case HANDSHAKE -> onHandshake(ctx, scratch.content, length);
            default -> throw new TlsException("a record of type %d".formatted(opened >> 16));
        }
        return content;
    }

    private void onAlert(byte[] content, int length) throws TlsException {
        if (length == 2 && content[1] == CLOSE_NOTIFY) {
            inputOver = true;
        } else if (length == 2 && isHarmless(content)) {
            onNoContent();
        } else {
            outputOver = true; // the peer hears no more
            throw new TlsException(
                    length == 2
                            ? "the peer sent the alert " + TlsAlert.name(content[1])
                            : "the peer sent a malformed alert");
        }
    }

    /** In TLS 1.3 that is JSSE's way to say that close_notify follows; 1.2 has warnings. */
    private boolean isHarmless(byte[] content) {
        return suite.isTls13() ? content[1] == USER_CANCELED : content[0] == WARNING;
    }

    private void onInputOver(ChannelHandlerContext ctx) {
        if (Boolean.TRUE.equals(
                ctx.channel().config().getOption(ChannelOption.ALLOW_HALF_CLOSURE))) {
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        } else {
            ctx.channel().close();
        }
    }

    /** After the handshake TLS 1.3 has tickets, which nobody needs here, and key updates. */
    private void onHandshake(ChannelHandlerContext ctx, byte[] content, int length)
            throws TlsException {
        if (!suite.isTls13()) {
            throw new TlsException("renegotiation is not possible");
        }
        if (length == 0) {
            throw new TlsException("a handshake record without content"); // RFC 8446, 5.1
        }
        if (unfinished.length >= MIN_FRAGMENT && length < MIN_FRAGMENT) {
            onNoContent();
        }
        byte[] all = Arrays.copyOf(unfinished, unfinished.length + length);
        System.arraycopy(content, 0, all, unfinished.length, length);
        int at = 0;
        while (all.length - at >= 4) {
            int size =
                    ((all[at + 1] & 0xff) << 16)
                            | ((all[at + 2] & 0xff) << 8)
                            | (all[at + 3] & 0xff);
            if (size > (all[at] == KEY_UPDATE ? 1 : MAX_MESSAGE)) {
                throw new TlsException("a handshake message of %d bytes".formatted(size));
            }
            if (all.length - at - 4 < size) {
                break;
            }
            switch (all[at]) {
                case NEW_SESSION_TICKET -> onTicket();
                case KEY_UPDATE -> onKeyUpdate(ctx, size, all[at + 4], at + 4 + size < all.length);
                default ->
                        throw new TlsException(
                                "a handshake message of type %d after the handshake"
                                        .formatted(all[at]));
            }
            at += 4 + size;
        }
        unfinished = Arrays.copyOfRange(all, at, all.length);
    }

    /** Of PostgreSQL's nothing is kept. */
    private void onTicket() throws TlsException {
        if (ofClient) {
            throw new TlsException("a client sent a session ticket");
        }
        onNoContent();
    }

    /** Such records cost as much as others, and nobody behind this would ever count them. */
    private void onNoContent() throws TlsException {
        if (++emptyRecords > MAX_EMPTY_RECORDS) {
            throw new TlsException("%d records without content".formatted(emptyRecords));
        }
    }

    private void onKeyUpdate(ChannelHandlerContext ctx, int size, byte request, boolean more)
            throws TlsException {
        if (size != 1 || request < 0 || request > 1 || more) {
            throw new TlsException("a malformed KeyUpdate");
        }
        if (++keyUpdates > MAX_KEY_UPDATES) {
            throw new TlsException("%d KeyUpdates and no content".formatted(keyUpdates));
        }
        reading.update();
        if (request == 1 && !outputOver && !updateAnswered) {
            // One answer is one for all that came before it is on its way (RFC 8446, 4.6.3): a peer
            // that asks and does not read would have us hold them.
            updateAnswered = true;
            updateWriting(ctx).addListener(_ -> updateAnswered = false);
            ctx.flush();
        }
    }

    private void fail(ChannelHandlerContext ctx, TlsException failure) {
        inputOver = true;
        takePartial();
        if (!outputOver && ctx.channel().isActive() && !ctx.isRemoved()) { // then its keys are gone
            seal(ctx);
            outputOver = true;
            writeRecord(ctx, ALERT, new byte[] {FATAL, (byte) failure.alert()}, ctx.newPromise());
            ctx.flush();
        }
        ctx.fireExceptionCaught(failure);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            if (inputOver) {
                return; // told already
            }
            inputOver = true;
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        inputOver = true;
        outputOver = true;
        release();
        ctx.fireChannelInactive();
    }

    // ---- writing --------------------------------------------------------------------------------

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        ByteBuf content = (ByteBuf) msg;
        if (outputOver) {
            content.release();
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        pending.add(content);
        pendingBytes += content.readableBytes();
        if (!promise.isVoid()) {
            promises.add(promise);
        }
        if (pendingBytes >= RecordKeys.MAX_CONTENT) {
            seal(ctx); // so that the channel's own limits see it
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        seal(ctx);
        ctx.flush();
    }

    /** Protects everything that waits. */
    private void seal(ChannelHandlerContext ctx) {
        if (pending.isEmpty()) {
            return;
        }
        int left = pendingBytes;
        pendingBytes = 0;
        int records = Math.max(1, (left + RecordKeys.MAX_CONTENT - 1) / RecordKeys.MAX_CONTENT);
        Scratch scratch = SCRATCH.get();
        ByteBuf out = ctx.alloc().buffer(left + records * RecordKeys.MAX_OVERHEAD);
        while (left > 0) {
            int length = Math.min(left, RecordKeys.MAX_CONTENT);
            gather(scratch.content, length);
            int sealed = writing.seal(APPLICATION_DATA, scratch.content, 0, length, scratch.record);
            out.writeBytes(scratch.record, 0, sealed);
            left -= length;
        }
        for (ByteBuf empty = pending.poll(); empty != null; empty = pending.poll()) {
            empty.release();
        }
        ctx.write(out, takePromise(ctx));
        if (writing.isWorn()) {
            updateWriting(ctx);
        }
    }

    private void gather(byte[] content, int length) {
        int at = 0;
        while (at < length) {
            ByteBuf first = pending.element();
            int count = Math.min(first.readableBytes(), length - at);
            first.readBytes(content, at, count);
            at += count;
            if (!first.isReadable()) {
                pending.remove();
                first.release();
            }
        }
    }

    /** Stands for those of all writes that end with the next. */
    private ChannelPromise takePromise(ChannelHandlerContext ctx) {
        if (promises.isEmpty()) {
            return ctx.voidPromise();
        }
        ChannelPromise[] waiting = promises.toArray(ChannelPromise[]::new);
        promises.clear();
        if (waiting.length == 1) {
            return waiting[0];
        }
        ChannelPromise all = ctx.newPromise();
        all.addListener(
                done -> {
                    for (ChannelPromise one : waiting) {
                        if (done.isSuccess()) {
                            one.trySuccess();
                        } else {
                            one.tryFailure(done.cause());
                        }
                    }
                });
        return all;
    }

    private ChannelFuture updateWriting(ChannelHandlerContext ctx) {
        seal(ctx); // with the key it was written for
        ChannelPromise written = ctx.newPromise();
        writeRecord(ctx, HANDSHAKE, new byte[] {KEY_UPDATE, 0, 0, 1, 0}, written);
        writing.update();
        return written;
    }

    private void writeRecord(
            ChannelHandlerContext ctx, int type, byte[] content, ChannelPromise promise) {
        Scratch scratch = SCRATCH.get();
        System.arraycopy(content, 0, scratch.content, 0, content.length);
        int length = writing.seal(type, scratch.content, 0, content.length, scratch.record);
        ctx.write(ctx.alloc().buffer(length).writeBytes(scratch.record, 0, length), promise);
    }

    // ---- the end --------------------------------------------------------------------------------

    /**
     * Tells the peer that nothing more comes.
     *
     * @return done when that, and everything before it, is with the kernel
     */
    public ChannelFuture endOutput() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        ChannelPromise promise = ctx.newPromise();
        if (outputOver) {
            return promise.setSuccess();
        }
        seal(ctx);
        outputOver = true;
        writeRecord(ctx, ALERT, new byte[] {WARNING, CLOSE_NOTIFY}, promise);
        ctx.flush();
        return promise;
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (!outputOver && ctx.channel().isActive()) {
            endOutput();
        }
        ctx.close(promise);
    }
}
