package io.pgdoorman.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgdoorman.tls.TlsContext.PeerCertificate;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import javax.crypto.Cipher;

/**
 * Lets one client without TLS speak with a server by TLS 1.3, and changes keys when it is told to,
 * as JSSE does not. What the server shows is not checked. Threads: any; two for the connection.
 */
public final class RecordsTunnel implements AutoCloseable {
    private static final byte[] SSL_REQUEST = {0, 0, 0, 8, 4, (byte) 0xd2, 0x16, 0x2f};
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;
    private static final byte KEY_UPDATE = 24;

    private final ServerSocket listener;
    private final Socket server;
    private final InputStream in;
    private final RecordKeys reading;
    private final Object lock = new Object();

    /** Guarded by {@link #lock}. */
    private final RecordKeys writing;

    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger updatesOfServer = new AtomicInteger();

    private RecordsTunnel(InetSocketAddress target) throws IOException, TlsFilesException {
        server = new Socket(target.getAddress(), target.getPort());
        server.setTcpNoDelay(true);
        open.add(server);
        server.getOutputStream().write(SSL_REQUEST);
        if (server.getInputStream().read() != 'S') {
            throw new IOException("no TLS");
        }
        var end = new TlsPair.End();
        try {
            end.begin(context(), "localhost", Unpooled.EMPTY_BUFFER);
            byte[] bytes = new byte[8_192];
            send(end);
            while (end.result == null) {
                int count = server.getInputStream().read(bytes);
                if (count < 0) {
                    throw new IOException("the handshake failed", end.failure);
                }
                end.channel.writeInbound(Unpooled.copiedBuffer(bytes, 0, count));
                send(end);
            }
            TlsRecords records = end.secure().records();
            FrozenTls state = records.freeze();
            TlsSuite suite = records.suite();
            if (!suite.isTls13()) {
                throw new IOException("not TLS 1.3");
            }
            in =
                    new SequenceInputStream(
                            new ByteArrayInputStream(records.takePartial()),
                            server.getInputStream());
            reading =
                    new RecordKeys(
                            suite, state.readSecret(), state.readSequence(), Cipher.DECRYPT_MODE);
            writing =
                    new RecordKeys(
                            suite, state.writeSecret(), state.writeSequence(), Cipher.ENCRYPT_MODE);
            end.channel.pipeline().remove(records);
        } finally {
            end.channel.finishAndReleaseAll();
        }
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        open.add(listener);
        Thread.ofPlatform().daemon().start(this::accept);
    }

    public static RecordsTunnel to(InetSocketAddress target) {
        try {
            return new RecordsTunnel(target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (TlsFilesException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TlsContext context() throws TlsFilesException {
        TlsFiles nothing =
                TlsFiles.read(
                        new TlsPaths(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()));
        return TlsContext.forServers(nothing, PeerCertificate.NONE);
    }

    private void send(TlsPair.End end) throws IOException {
        end.channel.runPendingTasks();
        for (ByteBuf out = end.channel.readOutbound();
                out != null;
                out = end.channel.readOutbound()) {
            byte[] bytes = ByteBufUtil.getBytes(out);
            out.release();
            server.getOutputStream().write(bytes);
        }
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
    }

    /** Changes the key of what is sent from now on, and perhaps asks the server for the same. */
    public void updateKey(boolean request) {
        try {
            synchronized (lock) {
                write(HANDSHAKE, new byte[] {KEY_UPDATE, 0, 0, 1, (byte) (request ? 1 : 0)}, 5);
                writing.update();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How often the server has changed its key. */
    public int updatesOfServer() {
        return updatesOfServer.get();
    }

    private void write(int type, byte[] content, int length) throws IOException {
        byte[] plain = Arrays.copyOf(content, length + 1);
        byte[] out = new byte[length + RecordKeys.MAX_OVERHEAD];
        OutputStream to = server.getOutputStream();
        to.write(out, 0, writing.seal(type, plain, 0, length, out));
    }

    private void accept() {
        try {
            Socket client = listener.accept();
            client.setTcpNoDelay(true);
            open.add(client);
            Thread.ofPlatform().daemon().start(() -> protect(client));
            open(client);
        } catch (IOException e) {
            close(); // one end closed: so does the other
        }
    }

    private void protect(Socket client) {
        byte[] bytes = new byte[RecordKeys.MAX_CONTENT];
        try (InputStream from = client.getInputStream()) {
            for (int count = from.read(bytes); count >= 0; count = from.read(bytes)) {
                synchronized (lock) {
                    write(APPLICATION_DATA, bytes, count);
                }
            }
        } catch (IOException e) {
            // one end closed: so does the other
        } finally {
            close();
        }
    }

    private void open(Socket client) throws IOException {
        var from = new DataInputStream(in);
        byte[] record = new byte[RecordKeys.HEADER_BYTES + RecordKeys.MAX_CONTENT + 256];
        byte[] content = new byte[record.length];
        int type = APPLICATION_DATA;
        while (type == APPLICATION_DATA || type == HANDSHAKE) {
            from.readFully(record, 0, RecordKeys.HEADER_BYTES);
            int body = ((record[3] & 0xff) << 8) | (record[4] & 0xff);
            from.readFully(record, RecordKeys.HEADER_BYTES, body);
            int opened = reading.open(record, body, content);
            type = opened >> 16;
            if (type == APPLICATION_DATA) {
                client.getOutputStream().write(content, 0, opened & 0xffff);
            } else if (type == HANDSHAKE && content[0] == KEY_UPDATE) {
                reading.update();
                updatesOfServer.incrementAndGet();
            }
        }
        close(); // an alert
    }

    @Override
    public void close() {
        for (Closeable one : open) {
            try {
                one.close();
            } catch (IOException e) {
                // it is closed anyway
            }
        }
    }
}
