package io.pgdoorman.runtime;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Stands in for PostgreSQL in the {@link WarmUp}: answers every query with one row. Threads: one
 * accepts, one for each connection.
 */
final class WarmUpBackend implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUpBackend.class);
    private static final int MAX_MESSAGE = 65_536;

    /** Status of a transaction, as in ReadyForQuery. */
    private static final char IDLE = 'I';

    private static final char IN_TRANSACTION = 'T';

    /** No status: the connection ends. */
    private static final char END = 'X';

    private final ServerSocketChannel listening;

    private WarmUpBackend(ServerSocketChannel listening) {
        this.listening = listening;
    }

    static WarmUpBackend start(Path path) throws IOException {
        var listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(path));
        var backend = new WarmUpBackend(listening);
        Thread.ofPlatform().daemon().name(RunOptions.REHEARSAL_THREADS).start(backend::accept);
        return backend;
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel client = listening.accept();
                Thread.ofPlatform()
                        .daemon()
                        .name(RunOptions.REHEARSAL_THREADS)
                        .start(() -> serve(client));
            }
        } catch (IOException e) {
            LOG.trace("no more connections", e);
        }
    }

    private static void serve(SocketChannel client) {
        try (client;
                var in = new DataInputStream(Channels.newInputStream(client));
                var out =
                        new DataOutputStream(
                                new BufferedOutputStream(Channels.newOutputStream(client)))) {
            in.readNBytes(in.readInt() - Integer.BYTES);
            message(out, 'R', "\0\0\0\0");
            message(out, 'S', "server_version\00018.0\0");
            message(out, 'S', "client_encoding\0UTF8\0");
            message(out, 'S', "DateStyle\0ISO, MDY\0");
            message(out, 'S', "TimeZone\0UTC\0");
            message(out, 'S', "standard_conforming_strings\0on\0");
            message(out, 'K', "\0\0\0\1\0\0\0\2");
            char status = IDLE;
            ready(out, status);
            while (status != END) {
                status = answer(in, out, status);
            }
        } catch (IOException e) {
            LOG.trace("connection ended", e);
        }
    }

    /**
     * Takes one message.
     *
     * @return the transaction status from then on, or {@link #END}
     */
    private static char answer(DataInputStream in, DataOutputStream out, char status)
            throws IOException {
        byte type = in.readByte();
        int length = in.readInt() - Integer.BYTES;
        if (length < 0 || length > MAX_MESSAGE) {
            return END;
        }
        byte[] body = in.readNBytes(length);
        char next = status;
        switch (type) {
            case 'Q' -> {
                next =
                        switch (body[0]) {
                            case 'B' -> IN_TRANSACTION; // BEGIN
                            case 'C' -> IDLE; // COMMIT
                            default -> status;
                        };
                describe(out);
                row(out);
                ready(out, next);
            }
            case 'P' -> message(out, '1', "");
            case 'B' -> message(out, '2', "");
            case 'D' -> describe(out);
            case 'E' -> row(out);
            case 'S' -> ready(out, status);
            default -> next = END;
        }
        return next;
    }

    private static void describe(DataOutputStream out) throws IOException {
        message(out, 'T', "\0\1a\0\0\0\0\0\0\0\0\0\0\27\0\4\377\377\377\377\0\0");
    }

    private static void row(DataOutputStream out) throws IOException {
        message(out, 'D', "\0\1\0\0\0\0011");
        message(out, 'C', "SELECT 1\0");
    }

    private static void ready(DataOutputStream out, char status) throws IOException {
        message(out, 'Z', String.valueOf(status));
        out.flush();
    }

    private static void message(DataOutputStream out, char type, String body) throws IOException {
        out.writeByte(type);
        out.writeInt(Integer.BYTES + body.length());
        out.write(body.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
