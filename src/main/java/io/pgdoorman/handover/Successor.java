package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.net.PeerListener;
import io.pgdoorman.net.Posix;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The taking side of one handover. Until it says READY it owns nothing and may fail without harm;
 * from then on it goes on alone if the predecessor dies.
 *
 * <p>Threads: one of its own, which blocks.
 */
public final class Successor {
    private static final Logger LOG = LoggerFactory.getLogger(Successor.class);

    /** The predecessor may be taken up by its clients, or stopped. */
    private static final Duration MESSAGE_LIMIT = Duration.ofSeconds(15);

    /** A predecessor that dies closes its connections first. */
    private static final Duration GONE_LIMIT = Duration.ofSeconds(2);

    /** How it ended. */
    public enum Outcome {
        /** This process serves everyone. */
        TAKEN_OVER,
        /** The predecessor has everything back. */
        ROLLED_BACK,
        /** The service is to stop. */
        STOPPED,
        /** The predecessor goes on and has no use for this process any more. */
        GIVEN_UP
    }

    /** What the runtime does at the moments only it can see to. */
    public interface Events {
        /** This process accepts clients from now on. */
        void onAccepting();

        /** Nobody else serves. */
        void onAlone(HandoverEvents.Due due);
    }

    private final Host host;
    private final Events events;
    private final Path path;
    private final Path controlPath;
    private @Nullable PassedListener control;
    private @Nullable Report report;

    /**
     * @param path where the predecessor waits
     * @param controlPath where this process shall wait for the next: the predecessor's socket goes
     *     on being used if it is there
     */
    public Successor(Host host, Events events, Path path, Path controlPath) {
        this.host = host;
        this.events = events;
        this.path = path;
        this.controlPath = controlPath;
    }

    /**
     * Says at {@code path} that this process does not come, because its configuration is wrong.
     *
     * @param problems for the operator, one a line
     */
    public static void reportInvalid(Path path, String problems) {
        try (var link = new Link(PeerListener.connect(path))) {
            link.start().sendReason(MessageType.FAILED, problems);
        } catch (IOException | HandoverException e) {
            LOG.debug("nobody waits at {}", path, e);
        }
    }

    /** The control socket that came from the predecessor, the caller's; null if none did. */
    public @Nullable PassedListener control() {
        return control;
    }

    /** Null before the end. */
    public @Nullable Report report() {
        return report;
    }

    /**
     * Takes everything over.
     *
     * @throws HandoverException nothing was taken; the message says why
     */
    public Outcome run() throws HandoverException, InterruptedException {
        Link link;
        try {
            link = new Link(PeerListener.connect(path));
        } catch (IOException e) {
            throw new HandoverException(
                    "no running pg_doorman waits at %s: %s".formatted(path, e.getMessage()), e);
        }
        var cancels = new Cancels(host.sessions(), link);
        link.setListener(cancels::onMessage);
        link.start();
        try {
            PeerProcess peer = PeerProcess.of(link.peer().pid());
            link.send(MessageType.HELLO, Hello.of(host.version(), false).write());
            Hello other = Hello.read(link.expect(MessageType.HELLO, MESSAGE_LIMIT));
            LOG.info(
                    "Handover: taking over from process {}, version {} (this one: {})",
                    other.pid(),
                    other.version(),
                    host.version());
            Set<Integer> taken = takeListeners(link);
            link.send(MessageType.LISTENING, numbers(taken));
            long began = takeState(link);
            cancels.open();
            host.acceptClients();
            sayReady(link, peer);
            events.onAccepting();
            return new Serving(link, peer, began, other).run();
        } finally {
            cancels.close();
            link.close();
        }
    }

    private Set<Integer> takeListeners(Link link) throws HandoverException, InterruptedException {
        Message message = link.expect(MessageType.LISTENERS, MESSAGE_LIMIT);
        List<PassedListener> clients = new ArrayList<>();
        int controlNumber = -1;
        try {
            if (message.fdsLost()) {
                throw new FormatException(
                        "this process may not open the listening sockets (LimitNOFILE, ulimit -n)");
            }
            int number = 0;
            FieldReader in = message.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                if (field != 1) {
                    continue; // of a later version
                }
                if (number >= message.fds().length) {
                    throw new FormatException("a listener without its descriptor");
                }
                PassedListener listener = PassedListener.read(in.message(), message.fds()[number]);
                if (listener.kind() != PassedListener.Kind.CONTROL) {
                    clients.add(listener);
                } else if (listener.host().equals(controlPath.toString())) {
                    control = listener;
                    controlNumber = number;
                } else {
                    Posix.close(listener.fd());
                }
                number++;
            }
        } catch (FormatException e) {
            control = null; // this process ends, and its descriptors with it
            throw tell(link, "listeners of the other process: " + e.getMessage());
        }
        try {
            Set<Integer> taken = new HashSet<>(host.adoptListeners(clients));
            if (controlNumber >= 0) {
                taken.add(controlNumber); // it comes last
            }
            return taken;
        } catch (HandoverException e) {
            throw tell(link, String.valueOf(e.getMessage()));
        }
    }

    /** The predecessor hears why this process ends. */
    private static HandoverException tell(Link link, String reason) throws HandoverException {
        link.sendReason(MessageType.FAILED, reason);
        return new HandoverException(reason);
    }

    private static FieldWriter numbers(Set<Integer> taken) {
        var out = new FieldWriter();
        taken.forEach(number -> out.put(1, number + 1));
        return out;
    }

    private long takeState(Link link) throws HandoverException, InterruptedException {
        Message message = link.expect(MessageType.STATE, MESSAGE_LIMIT);
        try {
            return ProcessState.adopt(host, message.body());
        } catch (FormatException | RuntimeException e) {
            throw tell(link, "state of the other process: " + e.getMessage());
        } finally {
            message.forget();
        }
    }

    /** If nobody is left to hear it, this process serves all the more. */
    private static void sayReady(Link link, PeerProcess peer) throws HandoverException {
        try {
            link.send(MessageType.READY);
        } catch (HandoverException e) {
            if (!peer.hasEnded()) {
                throw e;
            }
        }
    }

    /** From READY on: this process has clients of its own. */
    private final class Serving {
        private final Link link;
        private final PeerProcess peer;
        private final long beganNanos;
        private final Hello other;
        private final Taker taker;

        Serving(Link link, PeerProcess peer, long beganNanos, Hello other) {
            this.link = link;
            this.peer = peer;
            this.beganNanos = beganNanos;
            this.other = other;
            this.taker = new Taker(host, link, peer, other.knowsPlaced());
        }

        Outcome run() throws InterruptedException {
            try {
                while (true) {
                    Message message = link.receive(MESSAGE_LIMIT);
                    switch (message.type()) {
                        case BATCH -> taker.take(message);
                        case WANTS -> exchange(Wants.read(message));
                        case ROLLBACK -> {
                            return giveBack(room(message));
                        }
                        case REFUSED -> {
                            return giveUp(message.reason());
                        }
                        case STOP -> {
                            LOG.info("Handover: the service stops");
                            return Outcome.STOPPED;
                        }
                        case END -> {
                            inherit(message);
                            finish(due(message));
                            return Outcome.TAKEN_OVER;
                        }
                        default -> {
                            message.closeFds();
                            throw new HandoverException("the other process sent " + message.type());
                        }
                    }
                }
            } catch (HandoverTimeoutException e) {
                return goOnAlone(e);
            } catch (HandoverException e) {
                return part(e);
            }
        }

        /**
         * The connection is of no use any more. A predecessor that lives has ended it, and goes on;
         * whichever of the two were to kill the other now, it might be the one with the clients.
         */
        private Outcome part(HandoverException why) throws InterruptedException {
            return peer.awaitEnd(GONE_LIMIT)
                    ? goOnAlone(why)
                    : giveUp(String.valueOf(why.getMessage()));
        }

        private Outcome giveUp(String why) {
            LOG.error(
                    "Handover: the predecessor goes on without this process, which ends: {}", why);
            return Outcome.GIVEN_UP;
        }

        private void inherit(Message end) {
            try {
                Statistics.read(end, host);
            } catch (FormatException e) {
                LOG.warn("Handover: the predecessor's counts are lost: {}", e.getMessage());
            }
        }

        private void exchange(Wants wants) throws HandoverException, InterruptedException {
            host.sessions().setElsewhere(wants.connections());
            new Giver(host, link, peer, other.room(), other.knowsPlaced()).give(wants);
            link.send(MessageType.WANTS, Wants.of(host).write());
        }

        /** The predecessor is the one that goes on, as long as it lives. */
        private Outcome giveBack(int room) throws InterruptedException {
            LOG.info("Handover: the predecessor takes everything back");
            host.pauseListeners();
            taker.awaitPlaced();
            try {
                Giver.givingBack(host, link, peer, room, other.knowsPlaced()).giveAll();
                link.send(MessageType.END, Statistics.write(host, new FieldWriter()));
                link.expect(MessageType.BYE, MESSAGE_LIMIT);
            } catch (HandoverException e) {
                if (peer.hasEnded()) {
                    host.acceptClients();
                    return goOnAlone(e);
                }
                LOG.error("Handover: not everything could be given back: {}", e.getMessage());
            }
            host.releaseListeners(Set.of()); // those of the predecessor stay as they are
            if (control != null) {
                Posix.close(control.fd());
                control = null;
            }
            return Outcome.ROLLED_BACK;
        }

        private int room(Message rollback) throws HandoverException {
            try {
                FieldReader in = rollback.fields();
                for (int field = in.next(); field != 0; field = in.next()) {
                    if (field == 1) {
                        return in.integer();
                    }
                }
                return other.room();
            } catch (FormatException e) {
                throw new HandoverException("rollback: " + e.getMessage(), e);
            }
        }

        private HandoverEvents.Due due(Message end) throws HandoverException {
            boolean reload = false;
            boolean shutdown = false;
            try {
                FieldReader in = end.fields();
                for (int field = in.next(); field != 0; field = in.next()) {
                    switch (field) {
                        case 1 -> reload = in.bool();
                        case 2 -> shutdown = in.bool();
                        default -> {} // of a later version
                    }
                }
            } catch (FormatException e) {
                throw new HandoverException("end: " + e.getMessage(), e);
            }
            return new HandoverEvents.Due(reload, shutdown);
        }

        private void finish(HandoverEvents.Due due) throws InterruptedException {
            taker.awaitPlaced();
            ProcessState.unshare(host);
            Report done = taker.tally().report(taker.refused(), beganNanos);
            report = done;
            taker.tally().addPauses(host.clientPauses());
            events.onAlone(due);
            LOG.info("Handover complete: {}", done.text());
            try {
                link.send(MessageType.BYE, done.write());
            } catch (HandoverException e) {
                LOG.warn(
                        "Handover: the predecessor does not hear the last word: {}",
                        e.getMessage());
            }
            awaitEndOfLink();
            host.settleListeners();
        }

        /** The predecessor has closed its sockets then. */
        private void awaitEndOfLink() throws InterruptedException {
            try {
                while (true) {
                    link.receive(MESSAGE_LIMIT).closeFds();
                }
            } catch (HandoverException e) {
                LOG.debug("Handover: {}", e.getMessage());
            }
        }

        /** The predecessor is dead or does not answer. */
        private Outcome goOnAlone(HandoverException why) throws InterruptedException {
            LOG.error(
                    "Handover: the predecessor is lost ({}); this process goes on with the clients"
                            + " that have come",
                    why.getMessage());
            if (!peer.kill("it does not answer")) {
                LOG.error("Handover: the predecessor may still run: end it by hand");
            }
            finish(HandoverEvents.Due.NOTHING);
            return Outcome.TAKEN_OVER;
        }
    }
}
