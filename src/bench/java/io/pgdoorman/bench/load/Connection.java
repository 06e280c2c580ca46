package io.pgdoorman.bench.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * One client: it sends a query at a time and checks the answer byte by byte.
 *
 * <p>Threads: confined to one at a time.
 */
final class Connection {
    private static final int LARGEST_MESSAGE = 2048;
    private static final int HEADER = 5;

    final int id;
    final SocketChannel channel;
    private final Wire wire;
    private final Query query;
    private final ByteBuffer in = ByteBuffer.allocateDirect(LARGEST_MESSAGE);
    private int rows;
    private long sentAt;
    private boolean waiting;

    private Connection(int id, Query query, SocketChannel channel, Wire wire) {
        this.id = id;
        this.query = query;
        this.channel = channel;
        this.wire = wire;
    }

    /** Connects and logs in; blocks meanwhile, and stays in blocking mode. */
    static Connection open(int id, int port, boolean tls, Query query) throws IOException {
        var channel = SocketChannel.open();
        try {
            channel.connect(new InetSocketAddress("127.0.0.1", port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Wire wire = tls ? TlsWire.handshake(channel) : Wire.plain(channel);
            var connection = new Connection(id, query, channel, wire);
            wire.write(ByteBuffer.wrap(Query.startup("postgres", "bench")));
            while (!connection.receive()) {}
            return connection;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    void close() {
        try (channel) {
            wire.write(ByteBuffer.wrap(Query.terminate()));
        } catch (IOException e) {
            // It is gone all the same.
        }
    }

    /** Sends the next query. The clock is read before the write: the write is part of the pause. */
    void send() throws IOException {
        rows = 0;
        waiting = true;
        ByteBuffer bytes = query.next();
        sentAt = System.nanoTime();
        wire.write(bytes);
    }

    boolean isWaiting() {
        return waiting;
    }

    long sentAt() {
        return sentAt;
    }

    /**
     * Reads what is there.
     *
     * @return whether the answer is complete now
     * @throws IOException if it is not the one asked for, or the connection has ended
     */
    boolean receive() throws IOException {
        if (wire.read(in) < 0) {
            throw new IOException("closed by the peer" + (waiting ? " in a query" : ""));
        }
        int end = in.position();
        int at = 0;
        boolean complete = false;
        while (end - at >= HEADER) {
            int length = in.getInt(at + 1) - 4;
            if (length < 0 || length > LARGEST_MESSAGE - HEADER) {
                throw new IOException("message of " + length + " bytes");
            }
            if (end - at < HEADER + length) {
                break;
            }
            complete |= take((char) in.get(at), at + HEADER, length);
            at += HEADER + length;
        }
        in.position(at).limit(end);
        in.compact();
        return complete;
    }

    private boolean take(char type, int at, int length) throws IOException {
        switch (type) {
            case 'D' -> {
                if (!waiting || !query.isAnswer(in, at, length)) {
                    throw new IOException("wrong answer: " + text(at, length));
                }
                rows++;
            }
            case 'Z' -> {
                // A login ends with the same message, before anything was asked.
                if (in.get(at) != 'I'
                        || rows != (sentAt == 0 ? 0 : 1)
                        || waiting != (sentAt != 0)) {
                    throw new IOException("ReadyForQuery after %d rows".formatted(rows));
                }
                waiting = false;
                return true;
            }
            case '1', '2', 'T', 'C', 'S', 'N', 'K' -> {}
            case 'R' -> {
                if (in.getInt(at) != 0) {
                    throw new IOException("a password is asked for");
                }
            }
            default -> throw new IOException("message " + type + ": " + text(at, length));
        }
        return false;
    }

    private String text(int at, int length) {
        byte[] bytes = new byte[length];
        in.get(at, bytes);
        return new String(bytes, UTF_8).replaceAll("\\p{Cntrl}+", " ").strip();
    }
}
