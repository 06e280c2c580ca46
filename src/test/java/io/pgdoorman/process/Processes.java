package io.pgdoorman.process;

import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.PoolerProcess;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** What the kernel knows of processes. Threads: no state. */
final class Processes {
    private static final Duration SETTLED = Duration.ofMillis(300);

    private Processes() {}

    /** All virtual machines that run with the configuration of {@code pooler}. */
    static List<Long> of(PoolerProcess pooler) {
        String home = pooler.socketDirectory().toString();
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(Processes::isJava)
                .filter(pid -> commandLine(pid).contains(home))
                .toList();
    }

    private static boolean isJava(long pid) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + pid + "/exe")).endsWith("java");
        } catch (IOException e) {
            return false; // it has just ended, or is another user's
        }
    }

    private static String commandLine(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
        } catch (IOException e) {
            return ""; // it has just ended
        }
    }

    /** How nice the threads of a process are, by name; some have the same. */
    static Map<String, Set<Integer>> threadPriorities(long pid) {
        Map<String, Set<Integer>> all = new TreeMap<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads.toList()) {
                String stat = Files.readString(thread.resolve("stat"), StandardCharsets.UTF_8);
                int end = stat.lastIndexOf(')');
                String nice = stat.substring(end + 2).split(" ")[16];
                all.computeIfAbsent(
                                stat.substring(stat.indexOf('(') + 1, end), _ -> new TreeSet<>())
                        .add(Integer.parseInt(nice));
            }
        } catch (NoSuchFileException e) { // a thread has just ended
            return threadPriorities(pid);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }

    /** How many descriptors a process has open. */
    static int descriptors(long pid) {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As {@link #descriptors}, once it does not change any more. */
    static int settledDescriptors(long pid) {
        var last = new AtomicInteger();
        await().during(SETTLED)
                .until(
                        () -> {
                            int now = descriptors(pid);
                            return last.getAndSet(now) == now;
                        });
        return last.get();
    }

    /** What a process has open apart from its jars. */
    static List<String> openFiles(long pid) {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return open.map(Processes::target).filter(name -> !name.endsWith(".jar")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path fd) {
        try {
            return fd.getFileName() + " " + Files.readSymbolicLink(fd);
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }
}
