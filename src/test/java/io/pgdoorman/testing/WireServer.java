package io.pgdoorman.testing;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A PostgreSQL that behaves as badly as its script says. Every connection runs the script on a
 * thread of its own; when the script returns, the connection stays open and silent until the peer
 * or the fixture closes it. Threads: any.
 */
public final class WireServer implements AutoCloseable {
    private final ServerSocket listener;
    private final Script script;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();

    /** What happens on one connection. */
    @FunctionalInterface
    public interface Script {
        void run(Peer peer) throws IOException;
    }

    private WireServer(Script script) {
        this.script = script;
        try {
            listener = new ServerSocket(0, 100, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    public static WireServer start(Script script) {
        return new WireServer(script);
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Connections taken so far. */
    public int accepted() {
        return accepted.get();
    }

    /** Connections whose peer has not closed yet. */
    public int open() {
        return open.size();
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                accepted.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            var peer = new Peer(socket);
            script.run(peer);
            peer.awaitEnd();
        } catch (IOException e) {
            // the peer is gone, as its script may want
        } finally {
            open.remove(socket);
        }
    }

    /** The other end of one connection. */
    public static final class Peer {
        private final Socket socket;
        private final DataInputStream in;
        private final OutputStream out;

        private Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        /** Reads a startup packet; SSLRequest and GSSENCRequest are answered with N first. */
        public void readStartup() throws IOException {
            while (true) {
                byte[] body = in.readNBytes(in.readInt() - 4);
                if (body.length != 4) {
                    return;
                }
                send("N".getBytes(StandardCharsets.US_ASCII));
            }
        }

        /** Takes a startup packet and accepts it without a password. */
        public void login() throws IOException {
            readStartup();
            send(
                    Frontend.message('R', new byte[4]),
                    parameter("server_version", "18.0"),
                    parameter("server_encoding", "UTF8"),
                    parameter("client_encoding", "UTF8"),
                    parameter("integer_datetimes", "on"),
                    parameter("standard_conforming_strings", "on"),
                    Frontend.message('K', new byte[] {0, 0, 0, 1, 0, 0, 0, 2}),
                    ready('I'));
        }

        /** Reads one message and returns its type, or NUL at the end. */
        public char read() throws IOException {
            try {
                char type = (char) in.readUnsignedByte();
                in.skipNBytes(in.readInt() - 4L);
                return type;
            } catch (EOFException e) {
                return '\0';
            }
        }

        /** Reads one message and returns its body, without the NUL at its end. */
        public String readText() throws IOException {
            in.readUnsignedByte();
            byte[] body = in.readNBytes(in.readInt() - 4);
            return new String(body, 0, body.length - 1, StandardCharsets.UTF_8);
        }

        /** Answers every Query with an empty result until the peer leaves. */
        public void serveQueries() throws IOException {
            for (char type = read(); type != '\0' && type != 'X'; type = read()) {
                if (type == 'Q' || type == 'S') {
                    send(Frontend.message('C', nulTerminated("SELECT 0")), ready('I'));
                }
            }
        }

        public void send(byte[]... messages) throws IOException {
            out.write(Frontend.concat(messages));
            out.flush();
        }

        /** Sends a FATAL error. */
        public void fail(String sqlState, String message) throws IOException {
            send(
                    Frontend.message(
                            'E',
                            nulTerminated(
                                    String.join(
                                            "\0",
                                            List.of(
                                                    "SFATAL",
                                                    "VFATAL",
                                                    "C" + sqlState,
                                                    "M" + message,
                                                    "")))));
        }

        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        public void close() throws IOException {
            socket.close();
        }

        public static byte[] ready(char status) {
            return Frontend.message('Z', (byte) status);
        }

        public static byte[] parameter(String name, String value) {
            return Frontend.message('S', nulTerminated(name + "\0" + value));
        }

        private static byte[] nulTerminated(String text) {
            return (text + "\0").getBytes(StandardCharsets.UTF_8);
        }

        private void awaitEnd() throws IOException {
            byte[] ignored = new byte[8192];
            while (in.read(ignored) >= 0) {
                // the script is over; only the end matters
            }
        }
    }
}
