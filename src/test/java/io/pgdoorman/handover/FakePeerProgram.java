package io.pgdoorman.handover;

import io.pgdoorman.net.PeerListener;
import io.pgdoorman.net.PeerSocket;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The process behind a {@link FakePeer}: one command a line from its standard input, one line of
 * answer to each; it ends with its input. It keeps every descriptor that comes to it open until
 * then, as a process that hangs would.
 *
 * <pre>
 *   connect PATH              knocks
 *   listen PATH               binds, without waiting for anybody
 *   adopt NUMBER PATH         goes on listening by the descriptor that came as NUMBER
 *   accept PATH MILLIS        waits for a process that knocks there
 *   send CODE HEX [PATH ...]  one message, with the descriptors of what listens at the paths
 *   raw HEX                   bytes as they are
 *   receive MILLIS            answers with code, number of descriptors, body
 *   refuse                    whatever the other sends from now on fails
 *   close                     closes the connection; the process lives on
 * </pre>
 *
 * <p>Threads: confined to main.
 */
final class FakePeerProgram {
    static final String OK = "ok";
    static final String END = "end";
    static final String TIMEOUT = "timeout";

    /** What a reader of the answers takes their end for. */
    static final String DEAD = "dead";

    private static final Duration SEND_LIMIT = Duration.ofSeconds(5);
    private static final HexFormat HEX = HexFormat.of();

    private final Map<String, PeerListener> listeners = new TreeMap<>();
    private final List<Integer> received = new ArrayList<>();
    private @Nullable PeerSocket socket;

    private FakePeerProgram() {}

    public static void main(String[] args) throws IOException {
        var program = new FakePeerProgram();
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(program.answer(List.of(line.split(" ", -1))));
        }
    }

    private String answer(List<String> words) {
        try {
            return serve(words.getFirst(), words.subList(1, words.size()));
        } catch (SocketTimeoutException e) {
            return TIMEOUT;
        } catch (IOException e) {
            return END + " " + e.getMessage();
        }
    }

    private String serve(String command, List<String> words) throws IOException {
        switch (command) {
            case "connect" -> socket = PeerListener.connect(Path.of(words.getFirst()));
            case "listen" -> {
                String path = words.getFirst();
                listeners.put(path, PeerListener.bind(Path.of(path)));
            }
            case "adopt" -> {
                String path = words.get(1);
                int fd = received.get(Integer.parseInt(words.getFirst()));
                listeners.put(path, PeerListener.adopt(fd, Path.of(path)));
            }
            case "accept" -> socket = listener(words.getFirst()).accept(millis(words.get(1)));
            case "send" -> send(words);
            case "raw" -> socket().send(bytes(words.getFirst()), new int[0], SEND_LIMIT);
            case "receive" -> {
                return receive(millis(words.getFirst()));
            }
            case "refuse" -> socket().shutdownRead();
            case "close" -> socket().close();
            case "" -> {} // it lives
            default -> throw new IllegalArgumentException(command);
        }
        return OK;
    }

    private void send(List<String> words) throws IOException {
        int code = Integer.parseInt(words.getFirst());
        ByteBuffer body = bytes(words.get(1));
        List<String> paths = words.subList(2, words.size());
        int[] fds = paths.stream().mapToInt(path -> listener(path).fd()).toArray();
        ByteBuffer message = ByteBuffer.allocateDirect(Link.HEADER_BYTES + body.remaining());
        message.putInt(Link.HEADER_BYTES - Integer.BYTES + body.remaining());
        message.put((byte) code).putShort((short) fds.length).put(body).flip();
        socket().send(message, fds, SEND_LIMIT);
    }

    private String receive(Duration limit) throws IOException {
        ByteBuffer header = fill(Link.HEADER_BYTES, limit);
        int length = header.getInt() - (Link.HEADER_BYTES - Integer.BYTES);
        int code = header.get();
        int fds = header.getShort();
        byte[] body = new byte[length];
        fill(length, limit).get(body);
        return "%d %d %s".formatted(code, fds, HEX.formatHex(body));
    }

    private ByteBuffer fill(int length, Duration limit) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        while (into.hasRemaining()) {
            socket().receive(into, received::add, limit);
        }
        return into.flip();
    }

    private PeerListener listener(String path) {
        PeerListener listener = listeners.get(path);
        if (listener == null) {
            throw new IllegalArgumentException("not listening at " + path);
        }
        return listener;
    }

    private PeerSocket socket() {
        PeerSocket connected = socket;
        if (connected == null) {
            throw new IllegalStateException("not connected");
        }
        return connected;
    }

    private static Duration millis(String text) {
        return Duration.ofMillis(Long.parseLong(text));
    }

    private static ByteBuffer bytes(String hex) {
        byte[] bytes = HEX.parseHex(hex);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
