package io.pgdoorman.net;

import io.netty.channel.unix.FileDescriptor;

import java.io.IOException;

/**
 * A connection that is on no loop: its descriptor and the bytes that were on their way through this
 * process. The kernel keeps what arrives meanwhile.
 *
 * <p>Threads: any, one after the other. The arrays are not shared.
 */
public final class DetachedSocket {
    private final int fd;
    private final byte[] unread;
    private final byte[] unwritten;

    /**
     * @param fd a connected stream socket; owned
     * @param unread read from it, and not seen by any handler yet
     * @param unwritten for its peer, before anything else
     */
    public DetachedSocket(int fd, byte[] unread, byte[] unwritten) {
        this.fd = fd;
        this.unread = unread;
        this.unwritten = unwritten;
    }

    /** Stands for a connection that broke while it was taken off its loop: its next read ends. */
    static DetachedSocket broken(byte[] unread) throws IOException {
        int[] pair = PeerSocket.descriptorPair();
        new FileDescriptor(pair[1]).close();
        return new DetachedSocket(pair[0], unread, new byte[0]);
    }

    public int fd() {
        return fd;
    }

    public byte[] unread() {
        return unread;
    }

    public byte[] unwritten() {
        return unwritten;
    }

    /** Closes this process's descriptor; the connection lives on if another process has one. */
    public void close() throws IOException {
        new FileDescriptor(fd).close();
    }
}
