package io.pgdoorman.testing;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Passes connections on to a server byte by byte, and stops at the byte a test wants it to. What
 * clients send is held; what the server answers always passes. It knows how each connection began.
 * Threads: any; two virtual ones for each connection.
 */
public final class Gate implements AutoCloseable {
    private static final long ALL = Long.MAX_VALUE;
    private static final int BEGINNING_BYTES = 1_024;

    private final InetSocketAddress target;
    private final ServerSocket listener;
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
    private final Object lock = new Object();

    /** One for each connection, in the order they came. Guarded by {@link #lock}. */
    private final List<ByteArrayOutputStream> beginnings = new ArrayList<>();

    /** How many bytes may still pass. Guarded by {@link #lock}. */
    private long allowed = ALL;

    public Gate(InetSocketAddress target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
    }

    /** Only so many more bytes of the clients pass. */
    public void allow(long bytes) {
        synchronized (lock) {
            allowed = bytes;
            lock.notifyAll();
        }
    }

    /** Everything passes. */
    public void open() {
        allow(ALL);
    }

    /** Waits until all bytes that may pass have passed. */
    public void awaitHeld(Deadline deadline) throws InterruptedException {
        synchronized (lock) {
            while (allowed > 0) {
                if (deadline.isOver()) {
                    throw new IllegalStateException(allowed + " bytes did not come");
                }
                lock.wait(Math.max(1, deadline.remainingMillis()));
            }
        }
    }

    /** What each connection's client has sent so far, its first bytes only; the oldest first. */
    public List<byte[]> beginnings() {
        synchronized (lock) {
            return beginnings.stream().map(ByteArrayOutputStream::toByteArray).toList();
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(target.getAddress(), target.getPort());
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                open.add(client);
                open.add(server);
                var beginning = new ByteArrayOutputStream();
                synchronized (lock) {
                    beginnings.add(beginning);
                }
                Thread.ofVirtual().start(() -> pass(client, server, beginning));
                Thread.ofVirtual().start(() -> answer(server, client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void pass(Socket from, Socket to, ByteArrayOutputStream beginning) {
        byte[] bytes = new byte[8_192];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                keep(beginning, bytes, count);
                for (int at = 0; at < count; ) {
                    int part = (int) Math.min(count - at, await());
                    out.write(bytes, at, part);
                    at += part;
                    passed(part);
                }
            }
        } catch (IOException e) {
            // one end closed: so does the other
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void keep(ByteArrayOutputStream beginning, byte[] bytes, int count) {
        synchronized (lock) {
            int more = Math.min(count, BEGINNING_BYTES - beginning.size());
            beginning.write(bytes, 0, more);
        }
    }

    private long await() throws InterruptedException {
        synchronized (lock) {
            while (allowed == 0) {
                lock.wait();
            }
            return allowed;
        }
    }

    private void passed(int count) {
        synchronized (lock) {
            if (allowed != ALL) {
                allowed = Math.max(0, allowed - count);
                lock.notifyAll();
            }
        }
    }

    private static void answer(Socket from, Socket to) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException e) {
            // one end closed: so does the other
        }
    }

    @Override
    public void close() {
        open();
        for (Closeable one : open) {
            try {
                one.close();
            } catch (IOException e) {
                // it is closed anyway
            }
        }
        try {
            listener.close();
        } catch (IOException e) {
            // it is closed anyway
        }
    }
}
