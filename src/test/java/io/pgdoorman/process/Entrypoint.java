package io.pgdoorman.process;

import io.pgdoorman.testing.ChildProcess;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code docker/entrypoint} in one of the ways in which a test runs it. Threads: immutable.
 *
 * @param namespace whether it is process 1 of a process namespace, as in a container; all that runs
 *     there dies with it. Otherwise orphans become children of another process
 */
record Entrypoint(boolean namespace) {
    private static final Path SCRIPT = Path.of("docker/entrypoint").toAbsolutePath();

    /** That of the image. Bash loses one of two signals now and then, as the script says. */
    private static final String SHELL = works(List.of("dash")) ? "dash" : "sh";

    private static final List<List<String>> WAYS_INTO_A_NAMESPACE =
            List.of(
                    List.of("unshare", "--fork", "--pid", "--mount-proc", "--kill-child"),
                    List.of(
                            "unshare",
                            "--user",
                            "--map-root-user",
                            "--fork",
                            "--pid",
                            "--mount-proc",
                            "--kill-child"));
    private static final Optional<List<String>> INTO_NAMESPACE =
            WAYS_INTO_A_NAMESPACE.stream().filter(Entrypoint::works).findFirst();

    /** All that this machine allows. */
    static Stream<Entrypoint> ways() {
        return Stream.of(false, true)
                .filter(own -> !own || INTO_NAMESPACE.isPresent())
                .map(Entrypoint::new);
    }

    /** What runs a command in a process namespace of its own; empty if this machine forbids it. */
    static Optional<List<String>> intoNamespace() {
        return INTO_NAMESPACE;
    }

    /** The command line without the program's arguments. */
    List<String> command() {
        return commandAfter(List.of());
    }

    /** As {@link #command}; {@code before} runs it at its end, as process 1 where there is one. */
    List<String> commandAfter(List<String> before) {
        var command = new ArrayList<String>();
        if (namespace) {
            command.addAll(INTO_NAMESPACE.orElseThrow());
        }
        command.addAll(before);
        command.addAll(List.of(SHELL, SCRIPT.toString()));
        return command;
    }

    /** The entrypoint itself, where the process with {@code pid} was started by the command. */
    long ownPid(long pid) {
        return namespace
                ? ProcessHandle.of(pid)
                        .flatMap(handle -> handle.children().findFirst())
                        .map(ProcessHandle::pid)
                        .orElseThrow()
                : pid;
    }

    /**
     * The process that has {@code inner} for its pid in the namespace of the entrypoint; empty if
     * there is none. A zombie is one.
     *
     * @param pid as for {@link #ownPid}
     */
    Optional<Long> outerPid(long pid, long inner) {
        return namespace
                ? ProcessHandle.of(pid).stream()
                        .flatMap(ProcessHandle::descendants)
                        .map(ProcessHandle::pid)
                        .filter(outer -> innerPid(outer) == inner)
                        .findFirst()
                : Optional.of(inner).filter(it -> ProcessHandle.of(it).isPresent());
    }

    /** The last number of the line NSpid; zero if the process is gone. */
    private static long innerPid(long outer) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + outer + "/status"))) {
                if (line.startsWith("NSpid:")) {
                    return Long.parseLong(line.substring(line.lastIndexOf('\t') + 1));
                }
            }
            return 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /** Whether a command can run another one. */
    private static boolean works(List<String> prefix) {
        var command = new ArrayList<>(prefix);
        command.addAll(prefix.getFirst().equals("unshare") ? List.of("true") : List.of("-c", ":"));
        try {
            ChildProcess.run(command);
            return true;
        } catch (IllegalStateException | UncheckedIOException e) {
            return false;
        }
    }
}
