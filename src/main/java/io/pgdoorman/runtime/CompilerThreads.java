package io.pgdoorman.runtime;

import io.pgdoorman.net.Posix;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Threads in which the virtual machine compiles. Threads: any; it has no state. */
final class CompilerThreads {
    private static final Logger LOG = LoggerFactory.getLogger(CompilerThreads.class);
    private static final Path THREADS = Path.of("/proc/self/task");

    /** As the kernel keeps the name, in 15 characters. */
    private static final String OPTIMIZING = "(C2 CompilerThre)";

    /** Of the fields behind the name in stat: proc_pid_stat(5). */
    private static final int NICE = 16;

    private static final int STEP = 10;
    private static final int LOWEST = 19;

    private CompilerThreads() {}

    /**
     * From now on the optimizing compiler leaves the cores to those that serve, where there are not
     * enough for both; where there are, it is as quick as before. For good: giving a priority back
     * needs a privilege. See docs/adr/0021-compiler-priority.md.
     */
    static void standBack() {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                standBack(thread);
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("the compiler keeps its priority", e);
        }
    }

    private static void standBack(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1);
            int name = stat.indexOf(OPTIMIZING);
            if (name >= 0) {
                String[] fields = stat.substring(name + OPTIMIZING.length()).strip().split(" ");
                int nice = Math.min(LOWEST, Integer.parseInt(fields[NICE]) + STEP);
                Posix.setPriority(Integer.parseInt(thread.getFileName().toString()), nice);
            }
        } catch (IOException e) {
            LOG.debug("{} keeps its priority", thread, e); // it has ended, or the call is forbidden
        }
    }
}
