package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The giving side of one handover, one phase after the other (docs/internals/handover.md). Whatever
 * fails before END, this process goes on serving.
 *
 * <p>Threads: {@link #run} on a thread of its own, which blocks; the other methods on any.
 */
final class Predecessor {
    private static final Logger LOG = LoggerFactory.getLogger(Predecessor.class);

    /** From its start to its hello: a virtual machine on a busy machine. */
    private static final Duration HELLO_LIMIT = Duration.ofSeconds(60);

    static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final Duration TICK = Duration.ofMillis(50);

    /** What a process has said is heard after its end: another thread reads it. */
    private static final Duration LAST_WORD_LIMIT = Duration.ofSeconds(1);

    private static final Duration END_LIMIT = Duration.ofSeconds(5);

    /** What the operator decides of a staged handover. */
    enum Decision {
        COMMIT,
        ROLLBACK
    }

    /** A process that knocked at the control socket. */
    record Knock(Link link, Hello hello) {}

    private final Host host;
    private final HandoverEvents events;
    private final SuccessorProgram program;
    private final ControlSocket control;
    private final boolean staged;
    private final @Nullable Knock outside;

    private final BlockingQueue<Decision> decisions = new ArrayBlockingQueue<>(4);
    private final CompletableFuture<Knock> knock = new CompletableFuture<>();

    /** Completes when both serve and the operator decides. */
    private final CompletableFuture<Void> stagedReached = new CompletableFuture<>();

    /** Completes with the report, or with the reason why it came to nothing. */
    private final CompletableFuture<Report> outcome = new CompletableFuture<>();

    private final long beganNanos = System.nanoTime();

    /** Written by the handover's thread, read by whoever asks. */
    private volatile Phase phase = Phase.VALIDATE;

    private volatile long peerPid;
    private volatile String peerVersion = "";
    private volatile @Nullable Process child;
    private volatile @Nullable Link link;

    private PeerProcess peer = PeerProcess.of(0);
    private Set<Integer> taken = Set.of();
    private @Nullable Cancels cancels;
    private boolean shared;
    private boolean saysPlaced;

    /** Written by the handover's thread before the outcome, read after it. */
    private volatile boolean rolledBack;

    /**
     * @param outside a successor somebody else started; null to start one
     */
    Predecessor(
            Host host,
            HandoverEvents events,
            SuccessorProgram program,
            ControlSocket control,
            boolean staged,
            @Nullable Knock outside) {
        this.host = host;
        this.events = events;
        this.program = program;
        this.control = control;
        this.staged = staged;
        this.outside = outside;
    }

    Phase phase() {
        return phase;
    }

    long peerPid() {
        return peerPid;
    }

    String peerVersion() {
        return peerVersion;
    }

    CompletableFuture<Void> stagedReached() {
        return stagedReached;
    }

    CompletableFuture<Report> outcome() {
        return outcome;
    }

    boolean isRolledBack() {
        return rolledBack;
    }

    /** Whether this is the process it has started; then the handover goes on with it. */
    boolean onKnock(Knock from) {
        Process started = child;
        return started != null && from.link().peer().pid() == started.pid() && knock.complete(from);
    }

    /**
     * @return false if there is nothing to decide
     */
    boolean decide(Decision decision) {
        return phase == Phase.STAGED && decisions.offer(decision);
    }

    /** A staged handover comes to nothing, now or as soon as there is something to decide. */
    void rollBackStaged() {
        if (staged) {
            boolean _ = decisions.offer(Decision.ROLLBACK); // if it is full, it is decided
        }
    }

    /** The process it has started cannot take over, by its own word. */
    void onStartFailed(long pid, String reason) {
        Process started = child;
        if (started != null && pid == started.pid()) {
            knock.completeExceptionally(new HandoverException(reason));
        }
    }

    /** This process ends at once, and the successor with it: the service is to stop. */
    void stop() {
        Process started = child;
        Link to = link;
        if (started != null) {
            started.destroy();
        } else if (to != null) {
            try {
                to.send(MessageType.STOP);
            } catch (HandoverException e) {
                LOG.debug("the successor does not hear the stop", e);
            }
        }
    }

    // ---- the phases -----------------------------------------------------------------------------

    void run() {
        try {
            Report report = handOver();
            stagedReached.complete(null);
            outcome.complete(report);
        } catch (HandoverException e) {
            fail(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fail(new HandoverException("interrupted", e));
        } catch (RuntimeException | Error e) {
            LOG.error("Handover: unexpected failure in phase {}", phase.text(), e);
            fail(new HandoverException("unexpected failure: " + e, e));
        }
    }

    private Report handOver() throws HandoverException, InterruptedException {
        Knock successor = outside == null ? start() : outside;
        Link to = greet(successor);
        Giver giver = new Giver(host, to, peer, successor.hello().room(), saysPlaced);
        giver.noteActivity();
        passListeners(to);
        ready(to);
        if (staged) {
            awaitDecision(to, giver);
        }
        enter(Phase.SESSIONS);
        giver.giveAll();
        return end(to);
    }

    private Knock start() throws HandoverException, InterruptedException {
        enter(Phase.VALIDATE);
        Process started = program.start(control.path());
        child = started;
        peer = PeerProcess.of(started);
        peerPid = started.pid();
        LOG.info("Handover: started {} as process {}", program.launcher(), started.pid());
        long deadline = System.nanoTime() + HELLO_LIMIT.toNanos();
        while (!knock.isDone()) {
            boolean ended = !started.isAlive();
            if (System.nanoTime() - deadline >= 0) {
                throw new HandoverTimeoutException(
                        "the new process did not come within " + HELLO_LIMIT.toSeconds() + " s");
            }
            try {
                Duration limit = ended ? LAST_WORD_LIMIT : TICK;
                knock.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (java.util.concurrent.TimeoutException e) {
                if (ended) {
                    throw new HandoverException(
                            "the new process ended with exit code %d before it said anything; its own log lines say why"
                                    .formatted(started.exitValue()),
                            e);
                }
            } catch (java.util.concurrent.ExecutionException e) {
                LOG.trace("it cannot take over", e);
            }
        }
        if (knock.isCompletedExceptionally()) {
            throw new HandoverException(
                    String.valueOf(knock.exceptionNow().getMessage()), knock.exceptionNow());
        }
        Knock came = knock.join();
        LOG.info("Handover: configuration validation successful");
        return came;
    }

    private Link greet(Knock successor) throws HandoverException {
        enter(Phase.HELLO);
        Link to = successor.link();
        link = to;
        if (outside != null) {
            peer = PeerProcess.of(to.peer().pid());
            peerPid = successor.hello().pid();
        }
        peerVersion = successor.hello().version();
        saysPlaced = successor.hello().knowsPlaced();
        LOG.info(
                "Handover: process {} takes over, version {} (this one: {})",
                peerPid,
                peerVersion,
                host.version());
        var shares = new Cancels(host.sessions(), to);
        to.setListener(shares::onMessage);
        cancels = shares;
        to.send(MessageType.HELLO, Hello.of(host.version(), staged).write());
        return to;
    }

    private void passListeners(Link to) throws HandoverException, InterruptedException {
        enter(Phase.LISTENERS);
        List<PassedListener> listeners = new java.util.ArrayList<>(host.listeners());
        listeners.add(
                new PassedListener(
                        PassedListener.Kind.CONTROL,
                        control.path().toString(),
                        0,
                        control.listener().fd()));
        var body = new FieldWriter();
        listeners.forEach(listener -> body.put(1, listener.write()));
        to.send(
                MessageType.LISTENERS,
                body,
                listeners.stream().mapToInt(PassedListener::fd).toArray());
        Message answer = to.expect(MessageType.LISTENING, ANSWER_LIMIT);
        Set<Integer> numbers = new HashSet<>();
        try {
            FieldReader in = answer.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                if (field == 1) {
                    numbers.add(in.integer() - 1);
                }
            }
        } catch (FormatException e) {
            throw new HandoverException("listeners of the other process: " + e.getMessage(), e);
        }
        taken = numbers;
    }

    private void ready(Link to) throws HandoverException, InterruptedException {
        enter(Phase.READY);
        shared = true;
        host.pauseListeners();
        cancels().open();
        to.send(MessageType.STATE, ProcessState.share(host, beganNanos));
        to.expect(MessageType.READY, ANSWER_LIMIT);
        LOG.info("Handover: process {} is ready and accepts clients", peerPid);
    }

    /** Both serve; limits go to where clients wait. */
    private void awaitDecision(Link to, Giver giver)
            throws HandoverException, InterruptedException {
        enter(Phase.STAGED);
        LOG.info(
                "Handover: staged; new clients go to process {}, those of this one stay until"
                        + " 'pg_doorman ctl upgrade --commit' or --rollback",
                peerPid);
        Taker taker = new Taker(host, to, peer, saysPlaced);
        if (decisions.isEmpty()) { // else it is about to end
            stagedReached.complete(null);
        }
        while (true) {
            Decision decision = decisions.poll(TICK.toMillis(), TimeUnit.MILLISECONDS);
            if (decision == Decision.COMMIT) {
                giver.noteActivity();
                return;
            }
            if (decision == Decision.ROLLBACK) {
                rollBack(to);
                throw new HandoverException("rolled back, as asked for");
            }
            to.send(MessageType.WANTS, Wants.of(host).write());
            Message answer = to.receive(ANSWER_LIMIT);
            while (answer.type() == MessageType.BATCH) {
                taker.take(answer);
                answer = to.receive(ANSWER_LIMIT);
            }
            if (answer.type() != MessageType.WANTS) {
                answer.closeFds();
                throw new HandoverException("the other process sent " + answer.type());
            }
            Wants wants = Wants.read(answer);
            host.sessions().setElsewhere(wants.connections());
            giver.give(wants);
        }
    }

    private Report end(Link to) throws HandoverException, InterruptedException {
        enter(Phase.END);
        HandoverEvents.Due due = events.onHandingOver(peerPid, child != null);
        to.send(
                MessageType.END,
                Statistics.write(
                        host, new FieldWriter().put(1, due.reload()).put(2, due.shutdown())));
        Report report = lastWord(to);
        try {
            letGo(to);
        } catch (RuntimeException e) {
            LOG.error("Handover: not everything is closed as it should be", e);
        }
        LOG.info("Handover: done, process {} serves; {}", peerPid, report.text());
        return report;
    }

    /** The other process has everything; whether it lives is not for this one to mend any more. */
    private Report lastWord(Link to) {
        try {
            return Report.read(to.expect(MessageType.BYE, END_LIMIT).fields());
        } catch (HandoverException | FormatException | RuntimeException e) {
            LOG.warn("Handover: no last word of process {}: {}", peerPid, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            LOG.warn("Handover: interrupted before the last word of process {}", peerPid);
        }
        return new Tally().report(0, beganNanos);
    }

    private void letGo(Link to) {
        cancels().close();
        int controlNumber = host.listeners().size();
        host.releaseListeners(taken);
        if (taken.contains(controlNumber)) {
            control.closeAfterHandover();
        } else {
            control.close();
        }
        to.close();
    }

    // ---- if it fails ----------------------------------------------------------------------------

    private void fail(HandoverException reason) {
        Phase failed = phase;
        LOG.error(
                "Handover: {} in phase {}: {}. This process goes on serving.",
                rolledBack ? "ended" : "FAILED",
                failed.text(),
                reason.getMessage());
        Link to = link;
        if (shared && !rolledBack && to != null && mayRollBack(reason)) {
            try {
                rollBack(to);
            } catch (HandoverException e) {
                LOG.error(
                        "Handover: the clients that had moved do not come back: {}",
                        e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (to != null && !rolledBack) {
            refuse(to, reason);
        }
        // One that somebody else started, and that serves nobody yet, ends by itself.
        boolean mayServe = shared || child != null;
        boolean gone = rolledBack && peer.awaitEnd(END_LIMIT);
        if (!gone && mayServe && !peer.kill(String.valueOf(reason.getMessage()))) {
            LOG.error(
                    "Handover: process {} may still run and serve clients: end it by hand",
                    peerPid);
        }
        if (to != null) {
            to.close(); // not before: it could take this for the end of this process
        }
        if (cancels != null) {
            cancels.close();
        }
        if (shared) {
            ProcessState.unshare(host);
            host.acceptClients();
        }
        phase = Phase.NONE;
        stagedReached.completeExceptionally(reason);
        outcome.completeExceptionally(reason);
    }

    /** Whether the other process still listens, and is able to give back what it has. */
    private static boolean mayRollBack(HandoverException reason) {
        return reason instanceof PeerFailedException || reason instanceof NotGivenException;
    }

    /** It hears that this process goes on, if it still hears anything. */
    private static void refuse(Link to, HandoverException reason) {
        try {
            to.sendReason(MessageType.REFUSED, String.valueOf(reason.getMessage()));
        } catch (HandoverException e) {
            LOG.debug("the successor does not hear of its end", e);
        }
    }

    /** Everything the successor has comes back; it ends. */
    private void rollBack(Link to) throws HandoverException, InterruptedException {
        LOG.info("Handover: rolling back");
        to.send(MessageType.ROLLBACK, new FieldWriter().put(1, DescriptorRoom.left()));
        Taker taker = new Taker(host, to, peer, saysPlaced);
        Message message = to.receive(ANSWER_LIMIT);
        while (message.type() == MessageType.BATCH || message.type() == MessageType.WANTS) {
            if (message.type() == MessageType.BATCH) {
                taker.take(message);
            }
            message = to.receive(ANSWER_LIMIT);
        }
        if (message.type() != MessageType.END) {
            message.closeFds();
            throw new HandoverException("the other process sent " + message.type());
        }
        taker.awaitPlaced();
        inherit(message);
        rolledBack = true;
        Report report = taker.tally().report(0, beganNanos);
        taker.tally().addPauses(host.clientPauses());
        to.send(MessageType.BYE, report.write());
        LOG.info("Handover: rolled back; came back: {}", report.text());
    }

    private void inherit(Message end) {
        try {
            Statistics.read(end, host);
        } catch (FormatException e) {
            LOG.warn("Handover: the counts of process {} are lost: {}", peerPid, e.getMessage());
        }
    }

    private Cancels cancels() {
        Cancels c = cancels;
        if (c == null) {
            throw new IllegalStateException("no link yet");
        }
        return c;
    }

    private void enter(Phase next) {
        phase = next;
        LOG.debug("Handover: phase {}", next.text());
        events.onPhase("handover: " + next.text());
    }
}
