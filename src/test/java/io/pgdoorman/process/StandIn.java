package io.pgdoorman.process;

import io.pgdoorman.testing.ChildProcess;

import org.awaitility.Awaitility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code docker/entrypoint} with a shell script in the place of the program: {@code
 * src/test/resources/container/pg_doorman} tells what it does and what can be wanted of it.
 * Threads: one.
 */
final class StandIn implements AutoCloseable {
    /** The end of this time is a failure; nothing here takes longer than two seconds. */
    static final Duration LIMIT = Duration.ofSeconds(20);

    private static final Path PROGRAMS = Path.of("src/test/resources/container").toAbsolutePath();

    private final Entrypoint entrypoint;
    private final Path directory;
    private final ChildProcess process;

    private StandIn(Entrypoint entrypoint, Path directory, ChildProcess process) {
        this.entrypoint = entrypoint;
        this.directory = directory;
        this.process = process;
    }

    /** What happened to the process with this pid, in words of the script. */
    record Event(long pid, String what) {}

    static StandIn start(Entrypoint entrypoint, Path directory, String... arguments) {
        return start(
                entrypoint,
                directory,
                List.of(),
                Map.of("PG_DOORMAN_PID_FILE", pidFile(directory).toString()),
                arguments);
    }

    /**
     * @param before as for {@link Entrypoint#commandAfter}
     */
    static StandIn start(
            Entrypoint entrypoint,
            Path directory,
            List<String> before,
            Map<String, String> environment,
            String... arguments) {
        var variables = new HashMap<>(environment);
        variables.put("STAND_IN", directory.toString());
        variables.put("PATH", PROGRAMS + ":" + System.getenv("PATH"));
        if (!entrypoint.namespace()) {
            variables.put("STAND_IN_OWNER", Long.toString(ProcessHandle.current().pid()));
        }
        var command = new ArrayList<>(entrypoint.commandAfter(before));
        command.addAll(List.of(arguments));
        return new StandIn(
                entrypoint, directory, ChildProcess.start(command, variables, directory));
    }

    static Path pidFile(Path directory) {
        return directory.resolve("pg_doorman.pid");
    }

    /** Says {@code wish} to the script. */
    static void want(Path directory, String wish) {
        try {
            Files.createFile(directory.resolve(wish));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes {@code wish} back. */
    static void noLonger(Path directory, String wish) {
        try {
            Files.delete(directory.resolve(wish));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Event> events() {
        Path file = directory.resolve("events");
        if (!Files.exists(file)) {
            return List.of();
        }
        try (var lines = Files.lines(file)) {
            return lines.map(line -> line.split(" ", 2))
                    .map(parts -> new Event(Long.parseLong(parts[0]), parts[1]))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The pids of those to whom {@code what} happened, in order; more words may follow it. */
    List<Long> all(String what) {
        return events().stream()
                .filter(event -> (event.what() + " ").startsWith(what + " "))
                .map(Event::pid)
                .toList();
    }

    /** Waits until {@code what} has happened {@code times} times; returns to whom the last time. */
    long await(String what, int times) {
        return Awaitility.await(what)
                .atMost(LIMIT)
                .until(() -> all(what), pids -> pids.size() >= times)
                .get(times - 1);
    }

    /** Upgrades; returns the pid of the successor, which serves alone unless one lingers. */
    long upgrade() {
        List<Long> before = all("serves");
        signal("USR2");
        long successor = await("serves", before.size() + 1);
        if (!Files.exists(directory.resolve("linger"))) {
            Awaitility.await("the end of the predecessor")
                    .atMost(LIMIT)
                    .until(() -> outerPid(before.getLast()).filter(StandIn::isRunning).isEmpty());
        }
        return successor;
    }

    /** Sends {@code signal} to the entrypoint. */
    void signal(String signal) {
        ChildProcess.signal(entrypoint.ownPid(process.pid()), signal);
    }

    /** Waits until the entrypoint sleeps, which it does to look at the pid file again and again. */
    void awaitSignalKeptBack() {
        Awaitility.await()
                .atMost(LIMIT)
                .until(
                        () ->
                                ProcessHandle.of(entrypoint.ownPid(process.pid())).stream()
                                        .flatMap(ProcessHandle::children)
                                        .anyMatch(
                                                child ->
                                                        read(child.pid(), "cmdline")
                                                                .startsWith("sleep\0")));
    }

    /** Kills a process of the script and waits until it is dead. */
    void kill(long pid) {
        long outer = outerPid(pid).orElseThrow();
        ChildProcess.signal(outer, "KILL");
        Awaitility.await().atMost(LIMIT).until(() -> !isRunning(outer));
    }

    /** A process of the script, as seen from here; empty if it is gone for good. */
    Optional<Long> outerPid(long pid) {
        return entrypoint.outerPid(process.pid(), pid);
    }

    int awaitExit() {
        return process.awaitExit(LIMIT);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What the entrypoint and the script wrote. */
    String output() {
        return process.output();
    }

    /** Kills everything, also what a failed test left. */
    @Override
    public void close() {
        process.close();
        if (!entrypoint.namespace()) {
            events().stream()
                    .map(Event::pid)
                    .distinct()
                    .filter(this::isOurs)
                    .forEach(pid -> ChildProcess.signal(pid, "KILL"));
        }
    }

    private static boolean isRunning(long pid) {
        String stat = read(pid, "stat");
        return !stat.isEmpty() && stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    }

    private boolean isOurs(long pid) {
        return read(pid, "environ").contains("STAND_IN=" + directory + "\0");
    }

    /** A file in /proc; empty if the process is gone. */
    private static String read(long pid, String name) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), name));
        } catch (IOException e) {
            return "";
        }
    }
}
