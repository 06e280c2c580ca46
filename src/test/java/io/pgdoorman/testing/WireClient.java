package io.pgdoorman.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A client of the wire protocol whose every byte the test decides. While it sends it keeps reading,
 * so that no pipeline is too long for it, unless it is told to be slow. Every wait has a deadline
 * and fails with what was received. Threads: confined to the test's thread.
 */
public final class WireClient implements AutoCloseable {
    private static final Duration LIMIT =
            Duration.ofMillis(Long.getLong("pg_doorman.test.limit", 10_000));
    private static final int CHUNK_BYTES = 64 * 1024;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final Map<String, String> parameters = new TreeMap<>();
    private ByteBuffer received = ByteBuffer.allocate(CHUNK_BYTES).flip();
    private boolean atEnd;
    private boolean reading = true;
    private int pieceBytes = Integer.MAX_VALUE;
    private Duration limit = LIMIT;
    private int processId;
    private byte[] secret = {};

    private WireClient(SocketChannel channel) throws IOException {
        this.channel = channel;
        this.channel.configureBlocking(false);
        this.selector = Selector.open();
        this.key = channel.register(selector, SelectionKey.OP_READ);
    }

    /** Connects over TCP or a Unix socket; sends nothing. */
    public static WireClient connect(SocketAddress address) {
        return connect(address, 0);
    }

    /** As {@link #connect(SocketAddress)}, with a receive buffer of about {@code bytes}. */
    public static WireClient connect(SocketAddress address, int bytes) {
        try {
            boolean unix = address instanceof UnixDomainSocketAddress;
            var channel =
                    unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
            if (bytes > 0) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, bytes);
            }
            try {
                channel.connect(address);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            if (!unix) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            return new WireClient(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects over TCP from an address of this machine, such as 127.0.0.9. */
    public static WireClient connectFrom(InetAddress from, SocketAddress address) {
        try {
            var channel = SocketChannel.open();
            try {
                channel.bind(new InetSocketAddress(from, 0));
                channel.connect(address);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return new WireClient(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The limit of every wait from now on. */
    public WireClient limit(Duration newLimit) {
        limit = newLimit;
        return this;
    }

    /**
     * From now on everything is written in pieces of {@code bytes}, each in a packet of its own.
     */
    public WireClient pieces(int bytes) {
        pieceBytes = bytes;
        return this;
    }

    /**
     * Whether bytes are taken from the socket while sending; off for a client that does not read.
     */
    public WireClient reading(boolean on) {
        reading = on;
        return this;
    }

    public WireClient send(byte[]... messages) {
        byte[] all = Frontend.concat(messages);
        int step = Math.min(pieceBytes, Math.max(1, all.length));
        for (int from = 0; from < all.length; from += step) {
            write(ByteBuffer.wrap(all, from, Math.min(step, all.length - from)));
        }
        return this;
    }

    /**
     * Writes until the peer takes no more for {@code pause}.
     *
     * @return how many bytes of {@code data} were taken
     */
    public long sendUntilBlocked(byte[] data, Duration pause) {
        var buffer = ByteBuffer.wrap(data);
        try {
            while (buffer.hasRemaining()) {
                if (channel.write(buffer) == 0) {
                    key.interestOps(SelectionKey.OP_WRITE);
                    if (selector.select(pause.toMillis()) == 0) {
                        break;
                    }
                    selector.selectedKeys().clear();
                }
            }
        } catch (IOException e) {
            atEnd = true;
        }
        return buffer.position();
    }

    private void write(ByteBuffer buffer) {
        Deadline deadline = Deadline.in(limit);
        try {
            while (buffer.hasRemaining() && !atEnd) {
                if (channel.write(buffer) > 0) {
                    continue;
                }
                if (deadline.isOver()) {
                    throw new IllegalStateException(
                            "peer takes no more bytes, %d left".formatted(buffer.remaining()));
                }
                key.interestOps(SelectionKey.OP_WRITE | (reading ? SelectionKey.OP_READ : 0));
                selector.select(deadline.remainingMillis());
                selector.selectedKeys().clear();
                if (reading) {
                    fill();
                }
            }
        } catch (IOException e) {
            // The peer closed; what it sent before is still read, and then the end.
            drainAfterReset();
        }
    }

    /** The next message, or {@link Message#END}. */
    public Message read() {
        Deadline deadline = Deadline.in(limit);
        while (true) {
            if (received.remaining() >= 5) {
                int length = received.getInt(received.position() + 1);
                if (length < 4) {
                    throw new IllegalStateException("length " + length + " from " + rest());
                }
                if (received.remaining() >= 1 + length) {
                    char type = (char) received.get();
                    received.getInt();
                    byte[] body = new byte[length - 4];
                    received.get(body);
                    return note(new Message(type, body));
                }
            }
            if (atEnd) {
                return Message.END;
            }
            await(deadline);
        }
    }

    /** Messages up to and with the first of type {@code type}, or up to the end. */
    public List<Message> readUntil(char type) {
        var messages = new ArrayList<Message>();
        Message message;
        do {
            try {
                message = read();
            } catch (WireTimeoutException e) {
                throw new WireTimeoutException(e.getMessage() + "; read so far: " + messages);
            }
            messages.add(message);
        } while (message.type() != type && !message.isEnd());
        return messages;
    }

    /** Messages up to and with the next ReadyForQuery, or up to the end. */
    public List<Message> readUntilReady() {
        return readUntil('Z');
    }

    /** Everything up to the end of the connection. */
    public List<Message> readUntilEnd() {
        return readUntil(Message.END.type());
    }

    /** One byte, such as the answer to an SSLRequest; -1 at the end. */
    public int readByte() {
        Deadline deadline = Deadline.in(limit);
        while (!received.hasRemaining()) {
            if (atEnd) {
                return -1;
            }
            await(deadline);
        }
        return received.get() & 0xff;
    }

    /** Whether nothing at all arrives for {@code pause}; what does arrive is kept. */
    public boolean isSilentFor(Duration pause) {
        Deadline deadline = Deadline.in(pause);
        int before = received.remaining();
        try {
            while (!atEnd && received.remaining() == before && !deadline.isOver()) {
                key.interestOps(SelectionKey.OP_READ);
                selector.select(Math.max(1, deadline.remainingMillis()));
                selector.selectedKeys().clear();
                fill();
            }
        } catch (IOException e) {
            atEnd = true;
        }
        return !atEnd && received.remaining() == before;
    }

    /** Sends a Query and returns the answer up to ReadyForQuery. */
    public List<Message> query(String sql) {
        return send(Frontend.query(sql)).readUntilReady();
    }

    /** The first column of the first row of {@code sql}; fails when there is no row. */
    public String queryValue(String sql) {
        List<Message> answer = query(sql);
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no row: " + answer))
                .columns()[0];
    }

    /** Logs in with protocol 3.0; {@code parameters} are names and values in turn. */
    public WireClient login(String user, String database, String... parameters) {
        List<Message> answer = tryLogin(user, "", database, parameters);
        if (answer.getLast().type() != 'Z') {
            throw new IllegalStateException("login refused: " + answer);
        }
        return this;
    }

    /** As {@link #login}, with a password, and returns what was received, accepted or not. */
    public List<Message> tryLogin(
            String user, String password, String database, String... parameters) {
        return tryLogin(Frontend.PROTOCOL_3_0, user, password, database, parameters);
    }

    /** As {@link #tryLogin(String, String, String, String...)}, with any protocol version. */
    public List<Message> tryLogin(
            int version, String user, String password, String database, String... parameters) {
        var map = new LinkedHashMap<String, String>();
        map.put("user", user);
        map.put("database", database);
        for (int i = 0; i < parameters.length; i += 2) {
            map.put(parameters[i], parameters[i + 1]);
        }
        return send(Frontend.startup(version, map)).readLogin(user, password);
    }

    /** Answers authentication requests until ReadyForQuery, an error or the end. */
    public List<Message> readLogin(String user, String password) {
        var messages = new ArrayList<Message>();
        var scram = new Scram(password);
        while (true) {
            Message message = read();
            messages.add(message);
            if (message.type() == 'R') {
                authenticate(message, scram, user, password);
            } else if (message.type() == 'Z' || message.type() == 'E' || message.isEnd()) {
                return messages;
            }
        }
    }

    private void authenticate(Message request, Scram scram, String user, String password) {
        var body = ByteBuffer.wrap(request.body());
        int kind = body.getInt();
        byte[] rest = new byte[body.remaining()];
        body.get(rest);
        String text = new String(rest, StandardCharsets.UTF_8);
        switch (kind) {
            case 0, 12 -> {}
            case 3 -> send(Frontend.password(password));
            case 5 -> send(Frontend.password(Scram.md5(user, password, rest)));
            case 10 -> send(Frontend.saslInitialResponse("SCRAM-SHA-256", scram.clientFirst()));
            case 11 -> send(Frontend.saslResponse(scram.clientFinal(text)));
            default -> throw new IllegalStateException("authentication request " + kind);
        }
    }

    public int processId() {
        return processId;
    }

    public byte[] secret() {
        return secret.clone();
    }

    /** The latest value of each reported parameter. */
    public Map<String, String> parameters() {
        return parameters;
    }

    /** Sends a FIN; the peer's answer can still be read. */
    public WireClient halfClose() {
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            atEnd = true;
        }
        return this;
    }

    /** Closes with a TCP reset, as a dying host would. */
    public void reset() {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException | UnsupportedOperationException e) {
            // a Unix socket has no reset: closing it is all there is
        }
        close();
    }

    /** Closes without Terminate. */
    @Override
    public void close() {
        try {
            selector.close();
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Message note(Message message) {
        if (message.type() == 'S') {
            String[] pair = new String(message.body(), StandardCharsets.UTF_8).split("\0", -1);
            parameters.put(pair[0], pair[1]);
        } else if (message.type() == 'K') {
            processId = ByteBuffer.wrap(message.body()).getInt();
            secret = Arrays.copyOfRange(message.body(), 4, message.body().length);
        }
        return message;
    }

    private void await(Deadline deadline) {
        if (deadline.isOver()) {
            throw new WireTimeoutException(
                    "nothing more within %s after %s".formatted(limit, rest()));
        }
        try {
            key.interestOps(SelectionKey.OP_READ);
            selector.select(deadline.remainingMillis());
            selector.selectedKeys().clear();
            fill();
        } catch (IOException e) {
            atEnd = true;
        }
    }

    private void fill() throws IOException {
        while (true) {
            received.compact();
            if (!received.hasRemaining()) {
                received = ByteBuffer.allocate(received.capacity() * 2).put(received.flip());
            }
            int read;
            try {
                read = channel.read(received);
            } finally {
                received.flip();
            }
            if (read < 0) {
                atEnd = true;
            }
            if (read <= 0) {
                return;
            }
        }
    }

    private void drainAfterReset() {
        try {
            fill();
        } catch (IOException e) {
            // nothing more to be had
        }
        atEnd = true;
    }

    private String rest() {
        byte[] bytes = new byte[received.remaining()];
        received.duplicate().get(bytes);
        return "unread " + new Message('?', bytes);
    }
}
