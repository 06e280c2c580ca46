package io.pgdoorman.net;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Tells systemd the state of the service (sd_notify). Without a socket every call does nothing.
 * Threads: any; each message is one datagram. Errors are logged once and never thrown.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html">sd_notify</a>
 */
public final class SystemdNotifier {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdNotifier.class);

    /** Path bytes; the first is zero for an abstract name. Null where systemd does not listen. */
    private final byte @Nullable [] address;

    private final AtomicBoolean failureLogged = new AtomicBoolean();

    /**
     * Takes the address; sends nothing yet.
     *
     * @param notifySocket value of the environment variable NOTIFY_SOCKET: a path, or {@code @} and
     *     an abstract name
     */
    public SystemdNotifier(@Nullable String notifySocket) {
        if (notifySocket == null || notifySocket.isEmpty()) {
            address = null;
            return;
        }
        address = notifySocket.getBytes(StandardCharsets.UTF_8);
        if (address[0] == '@') {
            address[0] = 0;
        }
    }

    /** The service takes clients; also ends a reload. */
    public void ready(String status) {
        send("READY=1\nSTATUS=" + line(status));
    }

    /** A reload begins; must be followed by {@link #ready}. */
    public void reloading() {
        // CLOCK_MONOTONIC, which systemd compares with its own; nanoTime reads that clock on Linux
        send("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    }

    /** The process lives. */
    public void watchdog() {
        send("WATCHDOG=1");
    }

    /** A shutdown begins. */
    public void stopping() {
        send("STOPPING=1");
    }

    /** One line that {@code systemctl status} shows. */
    public void status(String text) {
        send("STATUS=" + line(text));
    }

    /** The main process is another one from now on. */
    public void mainPid(long pid) {
        send("MAINPID=" + pid);
    }

    /** A line break would begin another assignment. */
    private static String line(String text) {
        return text.replace('\n', ' ').replace('\r', ' ');
    }

    private void send(String message) {
        if (address == null) {
            return;
        }
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        ByteBuffer datagram = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        try {
            Epoll.ensureAvailability(); // loads the library that has the socket calls
            Socket socket = Socket.newSocketDomainDgram();
            try {
                socket.sendToDomainSocket(datagram, 0, bytes.length, address);
            } finally {
                socket.close();
            }
        } catch (IOException | RuntimeException | LinkageError e) {
            if (failureLogged.compareAndSet(false, true)) {
                LOG.atWarn().addKeyValue("reason", e.toString()).log("systemd not notified");
            }
        }
    }
}
