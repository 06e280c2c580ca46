package io.pgdoorman.testing;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A Unix datagram socket, as a syslog daemon has it. Threads: confined to the test. */
public final class SyslogSocket implements AutoCloseable {
    private static final int MAX_BYTES = 64 * 1024;

    private final Path path;
    private final Socket socket;
    private final List<String> received = new ArrayList<>();

    private SyslogSocket(Path path, Socket socket) {
        this.path = path;
        this.socket = socket;
    }

    /** Listens at {@code path}, where nothing may be. */
    public static SyslogSocket bind(Path path) {
        try {
            Epoll.ensureAvailability();
            Socket socket = Socket.newSocketDomainDgram();
            socket.bind(new DomainSocketAddress(path.toString()));
            return new SyslogSocket(path, socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All datagrams so far, in their order. */
    public List<String> received() {
        try {
            ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_BYTES);
            for (var from = socket.recvFromDomainSocket(buffer, 0, MAX_BYTES);
                    from != null;
                    from = socket.recvFromDomainSocket(buffer, 0, MAX_BYTES)) {
                byte[] bytes = new byte[from.receivedAmount()];
                buffer.get(0, bytes);
                received.add(new String(bytes, StandardCharsets.UTF_8));
            }
            return List.copyOf(received);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for a datagram and returns it. */
    public String await(Predicate<String> wanted, Duration limit) {
        Deadline deadline = Deadline.in(limit);
        while (true) {
            for (String line : received()) {
                if (wanted.test(line)) {
                    return line;
                }
            }
            if (deadline.isOver()) {
                throw new IllegalStateException("not received: " + received);
            }
            Deadline.breathe();
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
