package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.net.PeerListener;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Where successors and {@code pg_doorman ctl} come to a running process: a Unix socket for
 * processes of the same user, in a directory nobody else can enter.
 *
 * <p>Threads: one of its own accepts, one for each connection serves.
 */
public final class ControlSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);

    /** Closing ends it; it only has to be some time. */
    private static final Duration ACCEPT_ROUND = Duration.ofMinutes(1);

    /** After a failure. */
    private static final Duration RETRY = Duration.ofMillis(500);

    private static final Duration FIRST_MESSAGE_LIMIT = Duration.ofSeconds(5);

    /**
     * What {@code ctl} is told.
     *
     * @param text for people
     * @param json the same for programs
     */
    public record Answer(boolean ok, String text, String json) {
        static Answer ok(String text) {
            return new Answer(
                    true, text, new Json().put("ok", true).put("message", text).toString());
        }

        static Answer failed(String text) {
            return new Answer(
                    false, text, new Json().put("ok", false).put("message", text).toString());
        }
    }

    private final PeerListener listener;
    private volatile boolean closed;

    private ControlSocket(PeerListener listener) {
        this.listener = listener;
    }

    /**
     * Listens at {@code path}.
     *
     * @throws IOException somebody else listens there, or its directory is not private
     */
    public static ControlSocket bind(Path path) throws IOException {
        return new ControlSocket(PeerListener.bind(path));
    }

    /** Goes on listening on the predecessor's socket. */
    public static ControlSocket adopt(PassedListener passed) throws IOException {
        return new ControlSocket(PeerListener.adopt(passed.fd(), Path.of(passed.host())));
    }

    PeerListener listener() {
        return listener;
    }

    public Path path() {
        return listener.path();
    }

    /** Who is told of what comes. Called on threads of this object. */
    interface Owner {
        /** A successor; the link is the owner's from then on. */
        void onKnock(Predecessor.Knock knock);

        /** A process that was started as a successor ends; {@code reason} has its words. */
        void onStartFailed(long pid, String reason);

        Answer onCommand(List<String> words);

        /** The answer to the command has been sent, or nobody waits for it any more. */
        void onAnswered();
    }

    void start(Owner owner) {
        Thread.ofPlatform().daemon().name("pooler-control-socket").start(() -> accept(owner));
    }

    private void accept(Owner owner) {
        while (!closed) {
            try {
                serve(owner, new Link(listener.accept(ACCEPT_ROUND)));
            } catch (SocketTimeoutException e) {
                LOG.trace("nobody came");
            } catch (IOException | OutOfMemoryError e) { // no descriptor, or no thread
                if (closed) {
                    return;
                }
                LOG.warn("control socket {}: {}", listener.path(), e.getMessage());
                pause();
            }
        }
    }

    /** Out of descriptors, the next attempt would fail at once as well. */
    private static void pause() {
        try {
            Thread.sleep(RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void serve(Owner owner, Link link) {
        try {
            Thread.ofPlatform()
                    .daemon()
                    .name("pooler-control-client")
                    .start(() -> answer(owner, link));
        } catch (OutOfMemoryError e) {
            link.close();
            throw e;
        }
    }

    private static void answer(Owner owner, Link link) {
        try {
            Message first = link.start().receive(FIRST_MESSAGE_LIMIT);
            switch (first.type()) {
                case HELLO -> knock(owner, link, first);
                case COMMAND -> command(owner, link, words(first));
                case FAILED -> {
                    owner.onStartFailed(link.peer().pid(), first.reason());
                    link.close();
                }
                default -> throw new HandoverException("it began with " + first.type());
            }
        } catch (HandoverException | FormatException | RuntimeException | OutOfMemoryError e) {
            LOG.warn("control socket: process {}: {}", link.peer().pid(), e.getMessage());
            link.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            link.close();
        }
    }

    private static void knock(Owner owner, Link link, Message first) throws HandoverException {
        Hello hello;
        try {
            hello = Hello.read(first);
        } catch (HandoverException e) {
            owner.onStartFailed(link.peer().pid(), String.valueOf(e.getMessage()));
            link.sendReason(MessageType.REFUSED, String.valueOf(e.getMessage()));
            throw e;
        }
        owner.onKnock(new Predecessor.Knock(link, hello));
    }

    private static void command(Owner owner, Link link, List<String> words)
            throws HandoverException {
        try (link) {
            Answer answer = owner.onCommand(words);
            link.send(
                    MessageType.ANSWER,
                    new FieldWriter()
                            .put(1, answer.ok())
                            .put(2, answer.text())
                            .put(3, answer.json()));
        } finally {
            owner.onAnswered();
        }
    }

    private static List<String> words(Message command) throws FormatException {
        List<String> words = new ArrayList<>();
        FieldReader in = command.fields();
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field == 1) {
                words.add(in.text());
            }
        }
        return words;
    }

    /**
     * Asks the process that listens at {@code path}: what {@code pg_doorman ctl} does.
     *
     * @throws EOFException it ended without an answer
     * @throws IOException nobody listens there
     */
    public static Answer ask(Path path, List<String> words, Duration limit)
            throws IOException, InterruptedException {
        Link connected = new Link(PeerListener.connect(path));
        try (var link = connected.start()) {
            var body = new FieldWriter();
            words.forEach(word -> body.put(1, word));
            link.send(MessageType.COMMAND, body);
            FieldReader in = link.expect(MessageType.ANSWER, limit).fields();
            boolean ok = false;
            String text = "";
            String json = "";
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> ok = in.bool();
                    case 2 -> text = in.text();
                    case 3 -> json = in.text();
                    default -> {} // of a later version
                }
            }
            return new Answer(ok, text, json);
        } catch (HandoverException e) {
            if (e.getCause() instanceof EOFException) {
                throw new EOFException(e.getMessage());
            }
            throw new IOException(e.getMessage(), e);
        } catch (FormatException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Closes; the path goes too, if it is still this socket's. */
    @Override
    public void close() {
        closed = true;
        listener.close();
    }

    /** Closes this process's descriptor: another process goes on listening. */
    void closeAfterHandover() {
        closed = true;
        listener.closeAfterHandover();
    }
}
