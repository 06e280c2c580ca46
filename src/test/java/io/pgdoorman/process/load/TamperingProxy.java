package io.pgdoorman.process.load;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between clients and PostgreSQL, passes everything on, and makes one mistake: what the
 * clients of the load must notice. Threads: any.
 */
final class TamperingProxy implements AutoCloseable {
    private static final String CONTENT_OF_ANSWERS = "DdA";
    private static final String CONTENT_OF_REQUESTS = "QBd";

    private final InetSocketAddress target;
    private final Mistake mistake;
    private final int which;
    private final ServerSocket listener;
    private final AtomicInteger seen = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /** What is done to one message that has content. */
    enum Mistake {
        NONE,
        ANSWER_CHANGED,
        ANSWER_LOST,
        ANSWER_TWICE,
        REQUEST_CHANGED
    }

    /**
     * @param which message with content is the one, from 1
     */
    TamperingProxy(InetSocketAddress target, Mistake mistake, int which) {
        this.target = target;
        this.mistake = mistake;
        this.which = which;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", listener.getLocalPort());
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
                Socket client = listener.accept();
                open.add(client);
                var server = new Socket(target.getAddress(), target.getPort());
                open.add(server);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                Thread.ofVirtual().start(() -> pass(client, server, true));
                Thread.ofVirtual().start(() -> pass(server, client, false));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void pass(Socket from, Socket to, boolean requests) {
        try {
            var in = new DataInputStream(new BufferedInputStream(from.getInputStream()));
            var out = new DataOutputStream(new BufferedOutputStream(to.getOutputStream()));
            if (requests) {
                int length = in.readInt();
                out.writeInt(length);
                out.write(in.readNBytes(length - 4));
                out.flush();
            }
            passMessages(in, out, requests);
        } catch (EOFException e) {
            finish(to);
        } catch (IOException e) {
            quietlyClose(from);
            quietlyClose(to);
        }
    }

    private void passMessages(DataInputStream in, DataOutputStream out, boolean requests)
            throws IOException {
        while (true) {
            byte type = in.readByte();
            byte[] body = in.readNBytes(in.readInt() - 4);
            boolean wrong =
                    requests == (mistake == Mistake.REQUEST_CHANGED)
                            && mistake != Mistake.NONE
                            && hasContent((char) type, requests)
                            && seen.incrementAndGet() == which;
            if (wrong) {
                switch (mistake) {
                    case ANSWER_CHANGED -> body[body.length - 1] ^= 1;
                    case REQUEST_CHANGED -> body[endOfContent((char) type, body.length)] ^= 1;
                    case ANSWER_TWICE -> write(out, type, body);
                    case ANSWER_LOST, NONE -> {}
                }
            }
            if (!wrong || mistake != Mistake.ANSWER_LOST) {
                write(out, type, body);
            }
            if (in.available() == 0) {
                out.flush();
            }
        }
    }

    private static boolean hasContent(char type, boolean requests) {
        return (requests ? CONTENT_OF_REQUESTS : CONTENT_OF_ANSWERS).indexOf(type) >= 0;
    }

    /** Before the NUL of a Query, and before the count of result formats of a Bind. */
    private static int endOfContent(char type, int length) {
        return switch (type) {
            case 'Q' -> length - 2;
            case 'B' -> length - 3;
            default -> length - 1;
        };
    }

    private static void write(DataOutputStream out, byte type, byte[] body) throws IOException {
        out.writeByte(type);
        out.writeInt(body.length + 4);
        out.write(body);
    }

    private static void finish(Socket to) {
        try {
            to.shutdownOutput();
        } catch (IOException e) {
            quietlyClose(to);
        }
    }

    private static void quietlyClose(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // closed is closed
        }
    }
}
