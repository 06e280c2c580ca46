package io.pgdoorman.net;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;

/** A peer that sends a long stream through an echo and checks every byte that comes back. */
final class Stream {
    /** Odd, so that messages never line up with buffers. */
    private static final int WRITE_BYTES = 1403;

    private final SocketChannel socket;
    private volatile long totalBytes = Long.MAX_VALUE; // set by the writer when it ends
    private volatile boolean ending; // set by the test, read by the writer
    private long received; // guarded by this
    private boolean over; // guarded by this

    Stream(SocketChannel socket) {
        this.socket = socket;
    }

    /** Lets the writer end; the future completes when everything sent came back. */
    void end() {
        ending = true;
    }

    /** Completes with the number of bytes that came back right. */
    CompletableFuture<Long> start() {
        CompletableFuture<Long> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> run(result, this::write));
        Thread.ofPlatform().daemon().start(() -> run(result, () -> result.complete(check())));
        return result;
    }

    /** Waits until more came back than at the last call, or nothing more will. */
    synchronized long awaitMoreThan(long seen) throws InterruptedException {
        while (received <= seen && !over) {
            wait();
        }
        return received;
    }

    private synchronized void report(long n, boolean last) {
        received = n;
        over = last;
        notifyAll();
    }

    private interface Task {
        void run() throws IOException;
    }

    private void run(CompletableFuture<Long> result, Task task) {
        try {
            task.run();
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
            report(0, true);
        }
    }

    private static byte at(long offset) {
        return (byte) (offset * 31 + (offset >> 8));
    }

    private void write() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(WRITE_BYTES);
        long sent = 0;
        while (true) {
            boolean last = ending;
            buffer.clear();
            for (int i = 0; i < WRITE_BYTES; i++) {
                buffer.put(at(sent + i));
            }
            buffer.flip();
            sent += buffer.remaining();
            if (last) {
                totalBytes = sent; // before its last bytes, so that the reader knows in time
            }
            while (buffer.hasRemaining()) {
                socket.write(buffer);
            }
            if (last) {
                return;
            }
        }
    }

    private long check() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        long n = 0;
        while (n < totalBytes) {
            buffer.clear();
            if (socket.read(buffer) < 0) {
                throw new EOFException("closed after " + n + " bytes");
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                if (buffer.get() != at(n)) {
                    throw new IOException("wrong byte at " + n);
                }
                n++;
            }
            report(n, n >= totalBytes);
        }
        return n;
    }
}
