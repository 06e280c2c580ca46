package io.pgdoorman.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * The local syslog: each line is one datagram to a Unix socket, {@code <priority>Mmm dd hh:mm:ss
 * program[pid]: message}, in local time, with facility user, as the C library's syslog(3) writes
 * it. The lines of a stack trace follow as datagrams of their own. Neither the JDK nor logback
 * reaches such a socket, so the calls are Netty's.
 *
 * <p>Threads: confined to the writer of the {@link LogQueue}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc3164#section-4">RFC 3164</a>
 */
final class Syslog implements LogSink {
    /** Where syslog daemons listen. */
    static final List<Path> USUAL = List.of(Path.of("/dev/log"), Path.of("/var/run/syslog"));

    /** The default of rsyslog; one of syslog-ng and of journald is higher. */
    static final int MAX_BYTES = 8 * 1024;

    /** A daemon that does not read is given so long per line, then the line is lost. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final int MAX_PROGRAM = 48;
    private static final int FACILITY_USER = 1 << 3;
    private static final byte[] CUT = "...".getBytes(StandardCharsets.UTF_8);

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ENGLISH)
                    .withZone(ZoneId.systemDefault());

    private final Path path;
    private final byte[] address;
    private final String tag;
    private final Socket socket = Socket.newSocketDomainDgram();
    private final ByteBuffer datagram = ByteBuffer.allocateDirect(MAX_BYTES);

    private Syslog(Path path, String program) {
        this.path = path;
        this.address = path.toString().getBytes(StandardCharsets.UTF_8);
        String name = program.replaceAll("[^!-~]|[\\[\\]:]", "_"); // what ends it, or is no word
        this.tag =
                " %s[%d]: "
                        .formatted(
                                name.substring(0, Math.min(name.length(), MAX_PROGRAM)),
                                ProcessHandle.current().pid());
    }

    /**
     * Takes the first of {@code places} where somebody listens.
     *
     * @throws IOException nobody does; the message says where it was looked for
     */
    static Syslog open(String program, List<Path> places) throws IOException {
        Epoll.ensureAvailability(); // loads the library that has the socket calls
        var failure = new IOException("no syslog at " + join(places));
        for (Path place : places) {
            if (!Files.exists(place)) {
                failure.addSuppressed(new IOException(place + " does not exist"));
                continue;
            }
            Socket probe = Socket.newSocketDomainDgram();
            try {
                probe.connect(new DomainSocketAddress(place.toString()));
                return new Syslog(place, program);
            } catch (IOException e) {
                failure.addSuppressed(e);
            } finally {
                probe.close();
            }
        }
        String reasons =
                Arrays.stream(failure.getSuppressed())
                        .map(Throwable::getMessage)
                        .collect(Collectors.joining("; "));
        throw new IOException(failure.getMessage() + ": " + reasons, failure);
    }

    private static String join(List<Path> places) {
        return places.stream().map(Path::toString).collect(Collectors.joining(" or "));
    }

    @Override
    public void write(ILoggingEvent event) throws IOException {
        String head = head(event);
        send(head + LogLine.text(event));
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            for (String line : ThrowableProxyUtil.asString(thrown).lines().toList()) {
                send(head + LogLine.oneLine(line.replace("\t", "    ")));
            }
        }
    }

    private String head(ILoggingEvent event) {
        return "<"
                + (FACILITY_USER | severity(event.getLevel()))
                + ">"
                + TIME.format(event.getInstant())
                + tag;
    }

    private static int severity(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> 3;
            case Level.WARN_INT -> 4;
            case Level.INFO_INT -> 6;
            default -> 7;
        };
    }

    private void send(String line) throws IOException {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        datagram.clear();
        if (bytes.length <= MAX_BYTES) {
            datagram.put(bytes);
        } else {
            datagram.put(bytes, 0, MAX_BYTES - CUT.length).put(CUT);
        }
        int length = datagram.flip().limit();
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (socket.sendToDomainSocket(datagram, 0, length, address) == 0) {
            if (System.nanoTime() - deadline >= 0) {
                throw new IOException("does not read");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    @Override
    public String name() {
        return "syslog at " + path;
    }
}
