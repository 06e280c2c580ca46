package io.pgdoorman.runtime;

import io.pgdoorman.handover.ControlSocket;
import io.pgdoorman.handover.HandoverEvents;
import io.pgdoorman.handover.HandoverException;
import io.pgdoorman.handover.Handovers;
import io.pgdoorman.handover.Host;
import io.pgdoorman.handover.PassedListener;
import io.pgdoorman.handover.Phase;
import io.pgdoorman.handover.Report;
import io.pgdoorman.handover.Successor;
import io.pgdoorman.metrics.HandoverState;
import io.pgdoorman.net.SystemdNotifier;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The replacement of this process as the runtime sees it: takes over at its start, if it is a
 * successor, and is ready to be taken over from then on. Tells systemd, and keeps what has to wait
 * for the end of a handover.
 *
 * <p>Threads: any; state changes under this object's lock.
 */
final class Upgrade implements HandoverEvents, Successor.Events, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Upgrade.class);

    /** For an answer that takes no work. */
    private static final Duration PASS_LIMIT = Duration.ofSeconds(2);

    /** What the process has to do. */
    enum Event {
        /** Clients come here now. */
        ACCEPTING,
        /** Nobody else serves. */
        SERVING,
        /** Everyone is another process's, which is about to hear so. */
        LEAVING,
        /** It did not come to that, or not for good: this process goes on. */
        STAYING,
        RELOAD,
        SHUTDOWN,
        /** Another process serves everyone, or the service is to stop. */
        OVER,
        /** The take-over failed, and the other process goes on. */
        NOT_TAKEN_OVER
    }

    private final Host host;
    private final SystemdNotifier systemd;
    private final Optional<RunOptions.Upgrades> options;
    private final Optional<Path> pidPath;
    private final Function<List<String>, ControlSocket.Answer> console;
    private final Consumer<Event> process;

    private @Nullable PidFile pidFile;
    private @Nullable Handovers handovers;
    private @Nullable Successor successor;
    private boolean takingOver;
    private boolean underWay;
    private boolean handedOver;

    /** The process that serves, once everything is handed over to it. */
    private long heir;

    /** What still has to be done. */
    private Due due = Due.NOTHING;

    /** What the heir is told with the last message. */
    private Due told = Due.NOTHING;

    Upgrade(
            Host host,
            SystemdNotifier systemd,
            Optional<RunOptions.Upgrades> options,
            Optional<Path> pidPath,
            Function<List<String>, ControlSocket.Answer> console,
            Consumer<Event> process) {
        this.host = host;
        this.systemd = systemd;
        this.options = options;
        this.pidPath = pidPath;
        this.console = console;
        this.process = process;
    }

    /**
     * This process serves, as far as those know who read the pid file.
     *
     * @throws StartException another one does
     */
    synchronized void acquirePidFile() {
        if (pidPath.isEmpty()) {
            return;
        }
        try {
            pidFile = PidFile.acquire(pidPath.get(), ProcessHandle.current().pid());
        } catch (IOException e) {
            throw new StartException(StartException.LISTEN, String.valueOf(e.getMessage()));
        }
    }

    /** As {@link #acquirePidFile}, but what fails only costs the file. */
    private void takePidFile() {
        try {
            acquirePidFile();
        } catch (StartException e) {
            LOG.error("{}", e.getMessage());
        }
    }

    private synchronized void takePidFileBack() {
        try {
            if (pidFile != null) {
                pidFile.takeBack();
            }
        } catch (IOException e) {
            LOG.error("{}", e.getMessage());
        }
    }

    boolean isSuccessor() {
        return options.flatMap(RunOptions.Upgrades::takeOverFrom).isPresent();
    }

    /** Whether this process is giving or taking at the moment. */
    synchronized boolean isUnderWay() {
        return underWay || takingOver;
    }

    /** Everything is another process's. */
    synchronized boolean isHandedOver() {
        return handedOver;
    }

    /**
     * @return whether a reload has to wait; it follows by itself
     */
    synchronized boolean deferReload() {
        if (isUnderWay()) {
            due = due.and(new Due(true, false));
        }
        return isUnderWay();
    }

    /**
     * @return whether a shutdown has to wait; it follows by itself
     */
    boolean deferShutdown() {
        Handovers now;
        synchronized (this) {
            if (!isUnderWay()) {
                return false;
            }
            due = due.and(new Due(false, true));
            now = handovers;
        }
        if (now != null) {
            now.rollBackStaged();
        }
        return true;
    }

    /** For the metrics. */
    HandoverState state() {
        Handovers now;
        Optional<Report> began;
        synchronized (this) {
            now = handovers;
            began = Optional.ofNullable(successor).map(Successor::report);
        }
        return new HandoverState(
                now == null ? Phase.NONE : now.phase(),
                host.handoverFailures().get(),
                host.clientPauses(),
                began);
    }

    /** One line for the log. */
    String describe() {
        Handovers now;
        synchronized (this) {
            now = handovers;
            if (takingOver) {
                return "taking over from another process";
            }
        }
        return now == null ? "not possible, there is no control socket" : now.describe();
    }

    /** A signal asks this process to be replaced. */
    void request() {
        Handovers now;
        synchronized (this) {
            now = handovers;
            if (takingOver) {
                LOG.warn("Handover: not started: this process is just taking over from another");
                return;
            }
        }
        if (now == null) {
            LOG.warn("Handover: not started: this process has no control socket");
        } else {
            now.request();
        }
    }

    /** As a command of {@code pg_doorman ctl}; may wait long. */
    ControlSocket.Answer command(List<String> words) {
        Handovers now;
        synchronized (this) {
            now = handovers;
        }
        if (now == null) {
            return new ControlSocket.Answer(false, "this process has no control socket", "{}");
        }
        try {
            return now.onCommand(words);
        } finally {
            now.onAnswered();
        }
    }

    /** This process ends at once; a successor that has not everything yet ends with it. */
    void stop() {
        Handovers now;
        synchronized (this) {
            now = handovers;
        }
        if (now != null) {
            now.stop();
        }
    }

    /** After a start of its own: successors may come. */
    void listen() {
        options.ifPresent(upgrades -> open(upgrades, null));
    }

    private void open(RunOptions.Upgrades upgrades, @Nullable PassedListener passed) {
        ControlSocket socket;
        try {
            socket =
                    passed == null
                            ? ControlSocket.bind(upgrades.controlPath())
                            : ControlSocket.adopt(passed);
        } catch (IOException e) {
            String text = "upgrade_socket: " + e.getMessage();
            if (upgrades.required() && passed == null && !isSuccessor()) {
                throw new StartException(StartException.LISTEN, text);
            }
            LOG.warn("{}; this process cannot be upgraded", text);
            return;
        }
        var opened = new Handovers(host, this, upgrades.program(), socket);
        synchronized (this) {
            handovers = opened;
            Successor origin = successor;
            if (origin != null && origin.report() != null) {
                opened.began(origin.report());
            }
        }
        try {
            opened.open();
        } catch (OutOfMemoryError e) { // no thread is to be had
            LOG.error("upgrade_socket: {}; this process cannot be upgraded", e.getMessage());
        }
    }

    // ---- this process takes over ----------------------------------------------------------------

    /** Returns at once; events tell what comes of it. */
    void takeOver() {
        synchronized (this) {
            takingOver = true;
        }
        Thread.ofPlatform().daemon().name("pooler-handover").start(this::takeOverNow);
    }

    private void takeOverNow() {
        RunOptions.Upgrades upgrades = options.orElseThrow();
        var taking =
                new Successor(
                        host, this, upgrades.takeOverFrom().orElseThrow(), upgrades.controlPath());
        synchronized (this) {
            successor = taking;
        }
        try {
            switch (taking.run()) {
                case TAKEN_OVER -> LOG.debug("taken over");
                case ROLLED_BACK, STOPPED -> end(Event.OVER);
                case GIVEN_UP -> end(Event.NOT_TAKEN_OVER);
            }
        } catch (HandoverException e) {
            LOG.error("Handover: not taken over: {}", e.getMessage());
            end(Event.NOT_TAKEN_OVER);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end(Event.NOT_TAKEN_OVER);
        } catch (RuntimeException | Error e) {
            LOG.error("Handover: unexpected failure", e);
            if (isTakingOver()) { // else everything is here, and nobody else serves
                end(Event.NOT_TAKEN_OVER);
            }
        }
    }

    private synchronized boolean isTakingOver() {
        return takingOver;
    }

    /** The service is another process's, which systemd hears of from nobody else. */
    private void end(Event how) {
        synchronized (this) {
            handedOver = true;
        }
        process.accept(how);
    }

    @Override
    public void onAccepting() {
        CompilerThreads.standBack();
        process.accept(Event.ACCEPTING);
    }

    @Override
    public void onAlone(Due inherited) {
        RunOptions.Upgrades upgrades = options.orElseThrow();
        Successor taking = successor;
        Due now;
        synchronized (this) {
            takingOver = false;
            now = inherited.and(due);
            due = Due.NOTHING;
        }
        takePidFile();
        // The predecessor has said so, unless it died; whoever is told twice does not mind.
        systemd.mainPid(ProcessHandle.current().pid());
        process.accept(Event.SERVING);
        open(upgrades, taking == null ? null : taking.control());
        follow(now);
    }

    private void follow(Due now) {
        if (now.shutdown()) {
            process.accept(Event.SHUTDOWN);
        } else if (now.reload()) {
            process.accept(Event.RELOAD);
        }
    }

    // ---- another process takes over -------------------------------------------------------------

    @Override
    public void onBegin() {
        synchronized (this) {
            underWay = true;
        }
        systemd.reloading();
    }

    @Override
    public void onPhase(String status) {
        systemd.status(status);
    }

    @Override
    public Due onHandingOver(long pid, boolean child) {
        process.accept(Event.LEAVING);
        synchronized (this) {
            handedOver = true;
            heir = pid;
            if (pidFile != null) {
                pidFile.release();
            }
            if (child) {
                systemd.mainPid(pid);
            }
            told = due;
            due = Due.NOTHING;
            return told;
        }
    }

    @Override
    public void onFailed() {
        Due now;
        synchronized (this) {
            underWay = false;
            if (handedOver) { // the last message did not reach the successor
                systemd.mainPid(ProcessHandle.current().pid());
            }
            handedOver = false;
            now = due.and(told);
            due = Due.NOTHING;
            told = Due.NOTHING;
            takePidFileBack();
        }
        process.accept(Event.STAYING);
        systemd.ready("serving");
        follow(now);
    }

    @Override
    public void onDone() {
        Due late;
        synchronized (this) {
            late = due;
        }
        if (late.shutdown()) {
            pass("shutdown");
        } else if (late.reload()) {
            pass("reload");
        }
        process.accept(Event.OVER);
    }

    /** What was asked of this process when the successor had had its last message. */
    private void pass(String command) {
        Path path = options.orElseThrow().controlPath();
        try {
            ControlSocket.Answer answer = ControlSocket.ask(path, List.of(command), PASS_LIMIT);
            LOG.info("Handover: process {} is asked for the {}: {}", heir, command, answer.text());
        } catch (IOException e) {
            LOG.warn(
                    "Handover: process {} does not hear of the {} that this one was asked for, ask"
                            + " it again: {}",
                    heir,
                    command,
                    e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void onReloadRequest() {
        process.accept(Event.RELOAD);
    }

    @Override
    public ControlSocket.Answer onCommand(List<String> words) {
        return console.apply(words);
    }

    @Override
    public void onShutdownRequest() {
        process.accept(Event.SHUTDOWN);
    }

    @Override
    public void close() {
        Handovers now;
        synchronized (this) {
            now = handedOver ? null : handovers;
            if (pidFile != null) {
                pidFile.close(); // a successor that has taken it keeps it
            }
        }
        if (now != null) {
            now.close();
        }
    }
}
