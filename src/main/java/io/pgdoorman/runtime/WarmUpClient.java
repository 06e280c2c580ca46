package io.pgdoorman.runtime;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client of the {@link WarmUp}. Threads: confined to the warm-up's thread, which it blocks. */
final class WarmUpClient implements AutoCloseable {
    private static final int PROTOCOL_3_0 = 196_608;
    private static final byte[] READY = {'Z', 0, 0, 0, 5};

    private static final byte[] SIMPLE = message('Q', "SELECT 1\0");
    private static final byte[] BEGIN = message('Q', "BEGIN\0");
    private static final byte[] COMMIT = message('Q', "COMMIT\0");
    private static final byte[] EXTENDED =
            concat(
                    message('P', "\0SELECT $1\0\0\0"),
                    message('B', "\0\0\0\0\0\0\0\0"),
                    message('D', "P\0"),
                    message('E', "\0\0\0\0\0"),
                    message('S', ""));

    private final SocketChannel socket;
    private final ByteBuffer in = ByteBuffer.allocate(64 * 1024);

    private WarmUpClient(SocketChannel socket) {
        this.socket = socket;
    }

    static WarmUpClient logIn(Path path) throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        var client = new WarmUpClient(socket);
        try {
            socket.connect(UnixDomainSocketAddress.of(path));
            byte[] names = "user\0warm\0database\0warm\0\0".getBytes(StandardCharsets.US_ASCII);
            ByteBuffer startup = ByteBuffer.allocate(8 + names.length);
            startup.putInt(8 + names.length).putInt(PROTOCOL_3_0).put(names).flip();
            client.write(startup);
            client.awaitReady();
            return client;
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    void send(boolean simple) throws IOException {
        write(ByteBuffer.wrap(simple ? SIMPLE : EXTENDED));
    }

    /** Keeps its server from now on. */
    void begin() throws IOException {
        write(ByteBuffer.wrap(BEGIN));
        awaitReady();
    }

    void commit() throws IOException {
        write(ByteBuffer.wrap(COMMIT));
        awaitReady();
    }

    private void write(ByteBuffer out) throws IOException {
        while (out.hasRemaining()) {
            socket.write(out);
        }
    }

    /** Reads until a ReadyForQuery ends what was received. */
    void awaitReady() throws IOException {
        in.clear();
        while (!endsWithReady()) {
            if (!in.hasRemaining()) {
                throw new IOException("no ReadyForQuery in " + in.capacity() + " bytes");
            }
            if (socket.read(in) < 0) {
                throw new EOFException("closed");
            }
        }
    }

    private boolean endsWithReady() {
        int at = in.position() - READY.length - 1;
        if (at < 0) {
            return false;
        }
        for (int i = 0; i < READY.length; i++) {
            if (in.get(at + i) != READY[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] message(char type, String body) {
        return ByteBuffer.allocate(5 + body.length())
                .put((byte) type)
                .putInt(4 + body.length())
                .put(body.getBytes(StandardCharsets.ISO_8859_1))
                .array();
    }

    private static byte[] concat(byte[]... parts) {
        ByteBuf all = Unpooled.copiedBuffer(parts);
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes).release();
        return bytes;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e); // a descriptor that is not ours
        }
    }
}
