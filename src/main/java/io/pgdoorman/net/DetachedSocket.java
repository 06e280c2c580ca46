package io.pgdoorman.net;

import io.netty.channel.unix.FileDescriptor;
import io.pgdoorman.tls.FrozenTls;

import org.jspecify.annotations.Nullable;

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
    private final @Nullable FrozenTls tls;

    /**
     * @param fd a connected stream socket; owned
     * @param unread read from it, and not seen by any handler yet; as it came, encrypted or not
     * @param unwritten for its peer, before anything else; as it is to be sent
     * @param tls null if it is not encrypted
     */
    public DetachedSocket(int fd, byte[] unread, byte[] unwritten, @Nullable FrozenTls tls) {
        this.fd = fd;
        this.unread = unread;
        this.unwritten = unwritten;
        this.tls = tls;
    }

    /** One that is not encrypted. */
    public DetachedSocket(int fd, byte[] unread, byte[] unwritten) {
        this(fd, unread, unwritten, null);
    }

    /** Stands for a connection that broke while it was taken off its loop: its next read ends. */
    static DetachedSocket broken(byte[] unread, @Nullable FrozenTls tls) throws IOException {
        int[] pair = PeerSocket.descriptorPair();
        new FileDescriptor(pair[1]).close();
        return new DetachedSocket(pair[0], unread, new byte[0], tls);
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

    public @Nullable FrozenTls tls() {
        return tls;
    }

    /**
     * Closes this process's descriptor and forgets the secrets; the connection lives on if another
     * process has one.
     */
    public void close() throws IOException {
        if (tls != null) {
            tls.destroy();
        }
        new FileDescriptor(fd).close();
    }
}
