package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.net.PeerSocket;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Deadline;

import org.slf4j.Logger;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The other side of a handover, message by message as a test decides, in a process of its own:
 * whoever gives it up kills it. Threads: confined to the test's thread.
 */
public final class FakePeer implements AutoCloseable {
    /** In the place of a message: the other has closed the connection. */
    public static final String CLOSED = "closed";

    /** In the place of a message: none came in time. */
    public static final String NOTHING = "nothing";

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ROOM = 1_000;

    private final Process process;
    private final BufferedReader answers;

    private FakePeer(Process process) {
        this.process = process;
        this.answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * What came.
     *
     * @param type name of the message, or {@link #CLOSED} or {@link #NOTHING}
     */
    public record Received(String type, int descriptors, byte[] body) {
        /** The first field of this number as text; empty if there is none. */
        public String text(int number) {
            try {
                var in = new FieldReader(body);
                for (int field = in.next(); field != 0; field = in.next()) {
                    if (field == number) {
                        return in.text();
                    }
                }
                return "";
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public String toString() {
            return type + " with " + descriptors + " descriptors";
        }
    }

    /** Starts one that is connected with nobody. */
    public static FakePeer start() {
        try {
            Process process =
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                    "-XX:TieredStopAtLevel=1",
                                    "-XX:+UseSerialGC",
                                    "-Xmx64m",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    classPath(),
                                    FakePeerProgram.class.getName())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            var peer = new FakePeer(process);
            return peer.command("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String classPath() {
        return Stream.of(FakePeerProgram.class, PeerSocket.class, Logger.class)
                .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
                .map(
                        location -> {
                            try {
                                return Path.of(location.toURI()).toString();
                            } catch (URISyntaxException e) {
                                throw new IllegalStateException(e);
                            }
                        })
                .distinct()
                .collect(Collectors.joining(File.pathSeparator));
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end; 137 if it was killed. */
    public int awaitExit(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("process %d still runs".formatted(pid()));
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Sends it a signal, such as {@code "STOP"}. */
    public void signal(String signal) {
        ChildProcess.signal(pid(), signal);
    }

    // ---- connecting -----------------------------------------------------------------------------

    /** Knocks at the control socket of a running process, as soon as that has one. */
    public FakePeer connect(Path path) {
        Deadline deadline = Deadline.in(LIMIT);
        while (!ask("connect " + path).equals(FakePeerProgram.OK)) {
            if (deadline.isOver()) {
                throw new IllegalStateException("nobody listens at " + path);
            }
            Deadline.breathe();
        }
        return this;
    }

    /** Listens at {@code path}, in a directory of its own; see {@link #accept}. */
    public FakePeer listen(Path path) {
        return command("listen " + path);
    }

    /**
     * Listens at {@code path}, as the process from which this descriptor came.
     *
     * @param number of the descriptor among all that came
     */
    public FakePeer adopt(int number, Path path) {
        return command("adopt %d %s".formatted(number, path));
    }

    /** Waits for a successor, or for a command, at {@code path}. */
    public FakePeer accept(Path path) {
        return command("accept %s %d".formatted(path, LIMIT.toMillis()));
    }

    /** Closes the connection; the process lives on, unless the other kills it at once. */
    public FakePeer hangUp() {
        return command("close", FakePeerProgram.DEAD);
    }

    /** From now on whatever the other sends fails. */
    public FakePeer refuseFurther() {
        return command("refuse");
    }

    // ---- messages -------------------------------------------------------------------------------

    public FakePeer hello() {
        return send("HELLO", helloOf(Hello.MAJOR));
    }

    /** The fields of a hello, for a test to add others. */
    public FieldWriter helloOf(int major) {
        return helloOf(major, Hello.MINOR);
    }

    public FieldWriter helloOf(int major, int minor) {
        return new FieldWriter()
                .put(1, major)
                .put(2, minor)
                .put(3, "fake")
                .put(4, pid())
                .put(5, ROOM);
    }

    public FakePeer send(String type) {
        return send(type, new FieldWriter());
    }

    /** A message with a reason. */
    public FakePeer send(String type, String reason) {
        return send(type, new FieldWriter().put(1, reason));
    }

    /** As {@link #send(String)}, of something for which the other may kill it at once. */
    public FakePeer sendLast(String type) {
        return command(sendCommand(type, new FieldWriter()), FakePeerProgram.DEAD);
    }

    /**
     * Sends a message.
     *
     * @param listening paths given to {@link #listen}, whose descriptors go with it
     */
    public FakePeer send(String type, FieldWriter body, Path... listening) {
        return command(sendCommand(type, body, listening));
    }

    /** As {@link #send(String)}; returns whether the other took it. */
    public boolean trySend(String type) {
        return ask(sendCommand(type, new FieldWriter())).equals(FakePeerProgram.OK);
    }

    private static String sendCommand(String type, FieldWriter body, Path... listening) {
        String paths =
                Arrays.stream(listening).map(path -> " " + path).collect(Collectors.joining());
        return "send %d %s%s"
                .formatted(
                        MessageType.valueOf(type).code(),
                        HexFormat.of().formatHex(body.toByteArray()),
                        paths);
    }

    /** As a predecessor: its Unix socket for clients and the control socket, with descriptors. */
    public FakePeer sendListeners(Path clients, Path control) {
        return send("LISTENERS", listeners(clients, control), clients, control);
    }

    /** The message of {@link #sendListeners}. */
    public static FieldWriter listeners(Path clients, Path control) {
        return new FieldWriter()
                .put(1, listener(PassedListener.Kind.UNIX, clients))
                .put(1, listener(PassedListener.Kind.CONTROL, control));
    }

    private static FieldWriter listener(PassedListener.Kind kind, Path path) {
        return new PassedListener(kind, path.toString(), 0, -1).write();
    }

    /** Bytes that may be no message. */
    public FakePeer raw(byte... bytes) {
        return command("raw " + HexFormat.of().formatHex(bytes));
    }

    /** The next message, the end of the connection, or that none came. */
    public Received receive() {
        return receive(LIMIT);
    }

    /** As {@link #receive()}, within {@code limit}. */
    public Received receive(Duration limit) {
        List<String> words = List.of(ask("receive " + limit.toMillis()).split(" ", 3));
        switch (words.getFirst()) {
            case FakePeerProgram.END -> {
                return new Received(CLOSED, 0, new byte[0]);
            }
            case FakePeerProgram.TIMEOUT -> {
                return new Received(NOTHING, 0, new byte[0]);
            }
            case FakePeerProgram.DEAD -> throw new IllegalStateException("the fake is dead");
            default -> {} // a message
        }
        try {
            MessageType type = MessageType.of(Integer.parseInt(words.getFirst()));
            return new Received(
                    type.name(),
                    Integer.parseInt(words.get(1)),
                    HexFormat.of().parseHex(words.get(2)));
        } catch (HandoverException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The next message, which must be of this type. */
    public Received expect(String type) {
        Received received = receive();
        if (!received.type().equals(type)) {
            throw new IllegalStateException(
                    "%s instead of %s: %s".formatted(received, type, received.text(1)));
        }
        return received;
    }

    private FakePeer command(String line) {
        return command(line, FakePeerProgram.OK);
    }

    private FakePeer command(String line, String alsoAccepted) {
        String answer = ask(line);
        if (!answer.equals(FakePeerProgram.OK) && !answer.equals(alsoAccepted)) {
            throw new IllegalStateException(answer);
        }
        return this;
    }

    private String ask(String line) {
        try {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            return answer();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        return line == null ? FakePeerProgram.DEAD : line;
    }

    /** Ends it, if it still runs. */
    @Override
    public void close() {
        process.destroyForcibly();
        awaitExit(LIMIT);
    }
}
