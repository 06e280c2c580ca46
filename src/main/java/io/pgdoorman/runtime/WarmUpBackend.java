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
            ready(out);
            while (answer(in.readByte(), in, out)) {
                LOG.trace("answered");
            }
        } catch (IOException e) {
            LOG.trace("connection ended", e);
        }
    }

    private static boolean answer(byte type, DataInputStream in, DataOutputStream out)
            throws IOException {
        int length = in.readInt() - Integer.BYTES;
        if (length < 0 || length > MAX_MESSAGE) {
            return false;
        }
        in.readNBytes(length);
        switch (type) {
            case 'Q' -> {
                describe(out);
                row(out);
                ready(out);
            }
            case 'P' -> message(out, '1', "");
            case 'B' -> message(out, '2', "");
            case 'D' -> describe(out);
            case 'E' -> row(out);
            case 'S' -> ready(out);
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void describe(DataOutputStream out) throws IOException {
        message(out, 'T', "\0\1a\0\0\0\0\0\0\0\0\0\0\27\0\4\377\377\377\377\0\0");
    }

    private static void row(DataOutputStream out) throws IOException {
        message(out, 'D', "\0\1\0\0\0\0011");
        message(out, 'C', "SELECT 1\0");
    }

    private static void ready(DataOutputStream out) throws IOException {
        message(out, 'Z', "I");
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
