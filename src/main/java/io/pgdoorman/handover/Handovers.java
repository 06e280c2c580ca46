package io.pgdoorman.handover;

import io.pgdoorman.log.LogFilterException;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * The handovers of a process, one at a time: asked for by a signal, by {@code ctl}, or by a
 * successor that knocks at the {@link ControlSocket}.
 *
 * <p>Threads: any; what is asked is answered under this object's lock, the work is done on threads
 * of its own.
 */
public final class Handovers implements ControlSocket.Owner, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Handovers.class);

    /** Longer than any handover that ends by itself. */
    private static final Duration CTL_LIMIT = Duration.ofMinutes(5);

    private static final long ANSWERS_LIMIT_MILLIS = 1_000;

    private final Host host;
    private final HandoverEvents events;
    private final SuccessorProgram program;
    private final ControlSocket control;
    private final long startedNanos = System.nanoTime();

    private @Nullable Predecessor current;
    private boolean accepting = true;
    private @Nullable Report lastReport;
    private @Nullable String lastFailure;
    private int answering;

    /**
     * @param control closed with this object
     */
    public Handovers(
            Host host, HandoverEvents events, SuccessorProgram program, ControlSocket control) {
        this.host = host;
        this.events = events;
        this.program = program;
        this.control = control;
    }

    /** Begins to hear what comes to the control socket. */
    public void open() {
        control.start(this);
    }

    /** The handover by which this process began. */
    public synchronized void began(Report report) {
        lastReport = report;
    }

    /** A signal asks for a handover. Returns at once; the log tells what comes of it. */
    public void request() {
        String refusal = start(false, null);
        if (!refusal.isEmpty()) {
            LOG.warn("Handover: not started: {}", refusal);
        }
    }

    /** Whether one is under way. */
    public synchronized boolean isUnderWay() {
        return current != null;
    }

    /** Where the one that is under way stands. */
    public synchronized Phase phase() {
        Predecessor now = current;
        return now == null ? Phase.NONE : now.phase();
    }

    /** Where it stands, in one line. */
    public synchronized String describe() {
        Predecessor now = current;
        if (now != null) {
            return "phase %s, to process %d".formatted(now.phase().text(), now.peerPid());
        }
        Report report = lastReport;
        return "none under way; this process began with "
                + (report == null ? "a start" : "one: " + report.text());
    }

    /** A staged handover is ended in favour of this process, as it is to stop. */
    public synchronized void rollBackStaged() {
        Predecessor now = current;
        if (now != null) {
            now.rollBackStaged();
        }
    }

    /** This process ends at once. */
    public void stop() {
        Predecessor now;
        synchronized (this) {
            accepting = false;
            now = current;
        }
        if (now != null) {
            now.stop();
        }
    }

    /** Without a successor: the control socket disappears. */
    @Override
    public void close() {
        control.close();
    }

    /**
     * @return why not; empty if it has begun
     */
    private String start(boolean staged, Predecessor.@Nullable Knock outside) {
        Predecessor starting;
        synchronized (this) {
            Predecessor now = current;
            if (now != null) {
                return "one is under way, in phase %s, to process %d"
                        .formatted(now.phase().text(), now.peerPid());
            }
            if (!accepting) {
                return "this process is ending";
            }
            starting = new Predecessor(host, events, program, control, staged, outside);
            current = starting;
        }
        events.onBegin();
        try {
            Thread.ofPlatform().daemon().name("pooler-handover").start(() -> run(starting));
        } catch (OutOfMemoryError e) {
            synchronized (this) {
                current = null;
            }
            events.onFailed();
            return "no thread is to be had (" + e.getMessage() + ")";
        }
        return "";
    }

    private void run(Predecessor handover) {
        handover.run();
        boolean failed = handover.outcome().isCompletedExceptionally();
        synchronized (this) {
            if (failed) {
                current = null;
                host.handoverFailures().incrementAndGet();
                lastFailure = handover.outcome().exceptionNow().getMessage();
            } else {
                accepting = false;
            }
        }
        if (failed) {
            events.onFailed();
        } else {
            awaitAnswers();
            events.onDone();
        }
    }

    /** Who asked by {@code ctl} hears what came of it, before this process ends. */
    private synchronized void awaitAnswers() {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ANSWERS_LIMIT_MILLIS);
        try {
            while (answering > 0 && System.nanoTime() - deadline < 0) {
                wait(ANSWERS_LIMIT_MILLIS / 10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the control socket ---------------------------------------------------------------------

    /** A successor came: the one that was started, or one from outside. */
    @Override
    public void onKnock(Predecessor.Knock knock) {
        Predecessor now;
        synchronized (this) {
            now = current;
        }
        if (now != null && now.onKnock(knock)) {
            return;
        }
        LOG.info(
                "Handover: process {}, version {}, wants to take over",
                knock.hello().pid(),
                knock.hello().version());
        String refusal = start(false, knock);
        if (!refusal.isEmpty()) {
            LOG.warn("Handover: process {} is refused: {}", knock.hello().pid(), refusal);
            try {
                knock.link().sendReason(MessageType.REFUSED, refusal);
            } catch (HandoverException e) {
                LOG.debug("refusal", e);
            }
            knock.link().close();
        }
    }

    @Override
    public void onStartFailed(long pid, String reason) {
        Predecessor now;
        synchronized (this) {
            now = current;
        }
        if (now != null) {
            now.onStartFailed(pid, reason);
        }
    }

    @Override
    public ControlSocket.Answer onCommand(List<String> words) {
        synchronized (this) {
            answering++;
        }
        return answer(words);
    }

    /** An answer has been sent, or its asker is gone. */
    @Override
    public synchronized void onAnswered() {
        answering--;
        notifyAll();
    }

    /**
     * @param filter nothing, or the words of the filter to be put into effect
     */
    private ControlSocket.Answer logLevel(List<String> filter) {
        try {
            if (!filter.isEmpty()) {
                host.logLevels().set(String.join(" ", filter));
            }
            return ControlSocket.Answer.ok(host.logLevels().current());
        } catch (LogFilterException e) {
            return ControlSocket.Answer.failed(String.valueOf(e.getMessage()));
        }
    }

    private ControlSocket.Answer answer(List<String> words) {
        if (!words.isEmpty() && words.getFirst().equals("log-level")) {
            return logLevel(words.subList(1, words.size()));
        }
        return switch (String.join(" ", words)) {
            case "status" -> status();
            case "upgrade" -> upgrade(false);
            case "upgrade --stage" -> upgrade(true);
            case "upgrade --commit" -> decide(Predecessor.Decision.COMMIT);
            case "upgrade --rollback" -> decide(Predecessor.Decision.ROLLBACK);
            case "reload" -> {
                events.onReloadRequest();
                yield ControlSocket.Answer.ok("reload requested; the log says what came of it");
            }
            case "shutdown" -> {
                events.onShutdownRequest();
                yield ControlSocket.Answer.ok("shutdown requested");
            }
            case "shutdown --wait" -> {
                events.onShutdownRequest();
                yield awaitEnd();
            }
            default -> events.onCommand(words);
        };
    }

    private ControlSocket.Answer upgrade(boolean staged) {
        String refusal = start(staged, null);
        Predecessor begun;
        synchronized (this) {
            begun = current;
        }
        if (!refusal.isEmpty() || begun == null) {
            return ControlSocket.Answer.failed("not started: " + refusal);
        }
        return staged ? awaitStaged(begun) : awaitOutcome(begun);
    }

    /** The asker hears the end of this process by the end of its connection. */
    private static ControlSocket.Answer awaitEnd() {
        try {
            Thread.sleep(CTL_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return ControlSocket.Answer.failed("it still runs; see the log");
    }

    private ControlSocket.Answer decide(Predecessor.Decision decision) {
        Predecessor now;
        synchronized (this) {
            now = current;
        }
        if (now == null || !now.decide(decision)) {
            return ControlSocket.Answer.failed("no staged upgrade waits for a decision");
        }
        ControlSocket.Answer answer = awaitOutcome(now);
        boolean asWanted = decision == Predecessor.Decision.ROLLBACK && now.isRolledBack();
        return asWanted ? ControlSocket.Answer.ok("rolled back") : answer;
    }

    private static ControlSocket.Answer awaitStaged(Predecessor handover) {
        return await(
                handover.stagedReached(),
                _ ->
                        ControlSocket.Answer.ok(
                                "staged: process %d (version %s) serves new clients; go on with 'pg_doorman ctl upgrade --commit' or --rollback"
                                        .formatted(handover.peerPid(), handover.peerVersion())));
    }

    private static ControlSocket.Answer awaitOutcome(Predecessor handover) {
        return await(
                handover.outcome(),
                report ->
                        new ControlSocket.Answer(
                                true,
                                "done: process %d (version %s) serves; %s"
                                        .formatted(
                                                handover.peerPid(),
                                                handover.peerVersion(),
                                                report.text()),
                                new Json()
                                        .put("ok", true)
                                        .put("pid", handover.peerPid())
                                        .put("version", handover.peerVersion())
                                        .put("report", report.json())
                                        .toString()));
    }

    private static <T> ControlSocket.Answer await(
            CompletableFuture<T> future, Function<T, ControlSocket.Answer> onSuccess) {
        try {
            return onSuccess.apply(future.get(CTL_LIMIT.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException e) {
            return ControlSocket.Answer.failed(String.valueOf(future.exceptionNow().getMessage()));
        } catch (TimeoutException e) {
            return ControlSocket.Answer.failed("no end in sight; see the log");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ControlSocket.Answer.failed("interrupted");
        }
    }

    private synchronized ControlSocket.Answer status() {
        Predecessor now = current;
        Phase phase = now == null ? Phase.NONE : now.phase();
        long uptimeSeconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos);
        Json peer =
                now == null
                        ? null
                        : new Json().put("pid", now.peerPid()).put("version", now.peerVersion());
        Report report = lastReport;
        String json =
                new Json()
                        .put("ok", true)
                        .put("pid", ProcessHandle.current().pid())
                        .put("version", host.version())
                        .put("uptime_s", uptimeSeconds)
                        .put("clients", host.sessions().all().size())
                        .put("connections", host.sessions().connections())
                        .put("phase", phase.text())
                        .put("peer", peer)
                        .put("last_handover", report == null ? null : report.json())
                        .put("last_failure", lastFailure)
                        .toString();
        var text = new StringBuilder();
        text.append("pid             %d%n".formatted(ProcessHandle.current().pid()));
        text.append("version         %s%n".formatted(host.version()));
        text.append("running for     %d s%n".formatted(uptimeSeconds));
        text.append("clients         %d%n".formatted(host.sessions().all().size()));
        text.append("handover        %s%n".formatted(phase.text()));
        if (now != null) {
            text.append(
                    "successor       process %d, version %s%n"
                            .formatted(now.peerPid(), now.peerVersion()));
        }
        text.append("began with      %s%n".formatted(report == null ? "a start" : report.text()));
        text.append("last failure    %s".formatted(lastFailure == null ? "none" : lastFailure));
        return new ControlSocket.Answer(true, text.toString(), json);
    }
}
