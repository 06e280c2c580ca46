package io.pgdoorman.handover.format;

import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.tls.FrozenTls;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * The sockets of one message. Their descriptors travel beside the bytes, which name them by their
 * place, from 1. Threads: confined to its user.
 */
final class SocketTable {
    private static final int FD = 1;
    private static final int UNREAD = 2;
    private static final int UNWRITTEN = 3;
    private static final int TLS = 4;

    private int[] fds;
    private int count;

    SocketTable() {
        this(new int[16]);
    }

    /**
     * For reading.
     *
     * @param fds all that came with the message
     */
    SocketTable(int[] fds) {
        this.fds = fds.clone();
    }

    FieldWriter write(DetachedSocket socket) {
        if (count == fds.length) {
            fds = Arrays.copyOf(fds, count * 2);
        }
        fds[count++] = socket.fd();
        var out =
                new FieldWriter()
                        .put(FD, count)
                        .put(UNREAD, socket.unread())
                        .put(UNWRITTEN, socket.unwritten());
        FrozenTls tls = socket.tls();
        if (tls != null) {
            out.put(TLS, TlsFormat.write(tls));
        }
        return out;
    }

    int[] fds() {
        return Arrays.copyOf(fds, count);
    }

    DetachedSocket read(FieldReader in) throws FormatException {
        int number = 0;
        byte[] unread = {};
        byte[] unwritten = {};
        @Nullable FrozenTls tls = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case FD -> number = in.integer();
                case UNREAD -> unread = in.bytes();
                case UNWRITTEN -> unwritten = in.bytes();
                case TLS -> tls = TlsFormat.read(in.message());
                default -> {} // of a later version
            }
        }
        if (number < 1 || number > fds.length || fds[number - 1] < 0) {
            throw new FormatException("descriptor " + number + " of " + fds.length);
        }
        int fd = fds[number - 1];
        fds[number - 1] = -1;
        return new DetachedSocket(fd, unread, unwritten, tls);
    }

    /**
     * Each descriptor has to have an owner in the end.
     *
     * @param sockets what has been read and kept
     */
    void requireAllOwned(int sockets) throws FormatException {
        if (sockets != fds.length) {
            throw new FormatException(
                    "%d descriptors came for %d sockets".formatted(fds.length, sockets));
        }
    }
}
