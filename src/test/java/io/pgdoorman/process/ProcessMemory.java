package io.pgdoorman.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a process costs, from /proc. Threads: pure functions. */
final class ProcessMemory {
    private ProcessMemory() {}

    static long residentBytes(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
            throw new IllegalStateException("no VmRSS of " + pid);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
