package io.pgdoorman.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** What carries the protocol: the socket itself, or TLS on it. Threads: those of its connection. */
interface Wire {
    /**
     * Reads what is there into the buffer.
     *
     * @return how much, -1 at the end; 0 also if what came was of TLS alone
     */
    int read(ByteBuffer into) throws IOException;

    /**
     * Writes all of the buffer.
     *
     * @throws IOException also if the socket takes no more: one small query at a time always fits
     */
    void write(ByteBuffer bytes) throws IOException;

    static Wire plain(SocketChannel channel) {
        return new Wire() {
            @Override
            public int read(ByteBuffer into) throws IOException {
                return channel.read(into);
            }

            @Override
            public void write(ByteBuffer bytes) throws IOException {
                writeAll(channel, bytes);
            }
        };
    }

    static void writeAll(SocketChannel channel, ByteBuffer bytes) throws IOException {
        channel.write(bytes);
        if (bytes.hasRemaining()) {
            throw new IOException("the socket takes no more");
        }
    }
}
