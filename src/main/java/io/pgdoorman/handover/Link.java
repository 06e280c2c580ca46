package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.net.PeerSocket;
import io.pgdoorman.net.Posix;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Messages over a {@link PeerSocket}:
 *
 * <pre>
 *   length of what follows (4)   type (1)   number of descriptors (2)   body
 * </pre>
 *
 * <p>A thread of its own reads. It hands each message to the listener, which may take it at once,
 * and queues the others for {@link #receive}.
 *
 * <p>Threads: any thread sends; one receives.
 */
final class Link implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    static final int HEADER_BYTES = 7;

    /** Far above any batch: a length beyond is garbage. */
    static final int MAX_BODY_BYTES = 256 << 20;

    private static final int FIRST_CHUNK = 64 * 1024;

    private static final Duration FOREVER = Duration.ofDays(1);
    private static final Duration SEND_LIMIT = Duration.ofSeconds(5);
    private static final long SLICE_NANOS = 500_000_000;

    private final PeerSocket socket;
    private final PeerSocket.Peer peer;
    private final LinkedBlockingQueue<Object> received = new LinkedBlockingQueue<>();
    private final Object sending = new Object();
    private final Thread reader;

    /** Set before messages come that it takes. Read by the reader's thread. */
    private volatile Predicate<Message> listener = _ -> false;

    /** Why the reader has closed the socket: what a sender meets then tells nobody anything. */
    private volatile @Nullable HandoverException readerEnd;

    /** Why no more messages come. Confined to the receiving thread. */
    private @Nullable HandoverException ended;

    /** Takes {@code socket} over. */
    Link(PeerSocket socket) throws IOException {
        this.socket = socket;
        this.peer = socket.peer();
        this.reader =
                Thread.ofPlatform().daemon().name("pooler-handover-link").unstarted(this::read);
    }

    /** Begins to read. */
    Link start() {
        reader.start();
        return this;
    }

    /**
     * @param next hears each message on the reader's thread and says whether it has taken it
     */
    void setListener(Predicate<Message> next) {
        listener = next;
    }

    PeerSocket.Peer peer() {
        return peer;
    }

    // ---- sending --------------------------------------------------------------------------------

    void send(MessageType type, FieldWriter body) throws HandoverException {
        send(type, body, new int[0]);
    }

    void send(MessageType type) throws HandoverException {
        send(type, new FieldWriter());
    }

    void sendReason(MessageType type, String reason) throws HandoverException {
        send(type, new FieldWriter().put(1, reason));
    }

    /**
     * Sends a message; when this returns it is in the queue of the other process, and nowhere in
     * this one.
     *
     * @param body empty afterwards
     * @param fds stay the caller's
     */
    void send(MessageType type, FieldWriter body, int[] fds) throws HandoverException {
        byte[] bytes = body.take();
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + bytes.length);
        out.putInt(HEADER_BYTES - Integer.BYTES + bytes.length);
        out.put((byte) type.code()).putShort((short) fds.length).put(bytes).flip();
        synchronized (sending) {
            try {
                socket.send(out, fds, SEND_LIMIT);
            } catch (IOException e) {
                Exception known = readerEnd;
                Exception why = known == null ? e : known;
                throw new HandoverException(
                        "%s could not be sent: %s".formatted(type, why.getMessage()), e);
            } finally {
                Arrays.fill(bytes, (byte) 0);
                Arrays.fill(out.array(), (byte) 0);
            }
        }
    }

    // ---- receiving ------------------------------------------------------------------------------

    private void read() {
        ArrayDeque<Integer> fds = new ArrayDeque<>();
        try {
            while (true) {
                Message message = readOne(fds);
                if (!listener.test(message)) {
                    received.add(message);
                }
            }
        } catch (IOException e) {
            end(new HandoverException("connection to the other process: " + e.getMessage(), e));
        } catch (HandoverException e) {
            end(e);
        } catch (RuntimeException | Error e) {
            LOG.error("the connection to the other process failed", e);
            end(new HandoverException("connection to the other process: " + e, e));
        } finally {
            fds.forEach(Posix::close);
            socket.close();
        }
    }

    private void end(HandoverException why) {
        readerEnd = why;
        received.add(why);
    }

    private Message readOne(ArrayDeque<Integer> fds) throws IOException, HandoverException {
        boolean[] lost = {false};
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        fill(header, fds, lost);
        header.flip();
        int length = header.getInt() - (HEADER_BYTES - Integer.BYTES);
        MessageType type = MessageType.of(header.get() & 0xFF);
        int count = header.getShort() & 0xFFFF;
        if (length < 0 || length > MAX_BODY_BYTES) {
            throw new HandoverException(
                    "the other process sent a message of %d bytes".formatted(length));
        }
        byte[] body = readBody(length, fds, lost);
        if (lost[0] || fds.size() < count) {
            fds.forEach(Posix::close);
            fds.clear();
            return new Message(type, body, new int[0], true);
        }
        if (fds.size() > count) {
            throw new HandoverException(
                    "the other process sent %d descriptors with a message of %d"
                            .formatted(fds.size(), count));
        }
        int[] own = new int[count];
        for (int i = 0; i < count; i++) {
            own[i] = fds.removeFirst();
        }
        return new Message(type, body, own, false);
    }

    /** Grows with what has come: a length alone costs no memory. */
    private byte[] readBody(int length, ArrayDeque<Integer> fds, boolean[] lost)
            throws IOException {
        byte[] body = new byte[Math.min(length, FIRST_CHUNK)];
        int read = 0;
        while (read < length) {
            if (read == body.length) {
                byte[] small = body;
                body = Arrays.copyOf(small, (int) Math.min(length, 2L * read));
                Arrays.fill(small, (byte) 0);
            }
            fill(ByteBuffer.wrap(body, read, body.length - read), fds, lost);
            read = body.length;
        }
        return body;
    }

    private void fill(ByteBuffer into, ArrayDeque<Integer> fds, boolean[] lost) throws IOException {
        while (into.hasRemaining()) {
            socket.receive(
                    into,
                    fd -> {
                        if (fd == PeerSocket.LOST) {
                            lost[0] = true;
                        } else {
                            fds.add(fd);
                        }
                    },
                    FOREVER);
        }
    }

    /**
     * The next message the listener has not taken.
     *
     * @throws HandoverException none came in time, or none will come any more
     */
    Message receive(Duration limit) throws HandoverException, InterruptedException {
        if (ended != null) {
            throw new HandoverException(String.valueOf(ended.getMessage()), ended);
        }
        return switch (poll(limit)) {
            case Message message -> message;
            case HandoverException end -> {
                ended = end;
                throw end;
            }
            case null, default ->
                    throw new HandoverTimeoutException(
                            "the other process did not answer within %d ms"
                                    .formatted(limit.toMillis()));
        };
    }

    /**
     * Both processes may be frozen together (docker pause, a suspended machine) and thaw after the
     * time is over: only time in which this one has run counts.
     */
    private @Nullable Object poll(Duration limit) throws InterruptedException {
        Object next = null;
        for (long left = limit.toNanos(); left > 0 && next == null; left -= SLICE_NANOS) {
            next = received.poll(Math.min(left, SLICE_NANOS), TimeUnit.NANOSECONDS);
        }
        return next;
    }

    /**
     * As {@link #receive}, for the one type that may come now.
     *
     * @throws HandoverException also if the other refused or failed; the message has its reason
     */
    Message expect(MessageType type, Duration limit)
            throws HandoverException, InterruptedException {
        Message message = receive(limit);
        if (message.type() == type) {
            return message;
        }
        message.closeFds();
        throw switch (message.type()) {
            case REFUSED -> new HandoverException("the other process refuses: " + message.reason());
            case FAILED -> new PeerFailedException(message.reason());
            default ->
                    new HandoverException(
                            "the other process sent %s where %s belongs"
                                    .formatted(message.type(), type));
        };
    }

    /** From now on the other process can send nothing; what it has sent can still be received. */
    void refuseFurther() {
        try {
            socket.shutdownRead();
        } catch (IOException e) {
            LOG.debug("connection to the other process", e);
        }
    }

    /** Messages that have come are dropped, their descriptors closed. */
    @Override
    public void close() {
        socket.shutdown();
        try {
            reader.join(TimeUnit.SECONDS.toMillis(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        socket.close();
        for (Object left = received.poll(); left != null; left = received.poll()) {
            if (left instanceof Message message) {
                message.closeFds();
            }
        }
        received.add(new HandoverException("the connection to the other process is closed"));
    }
}
