package io.pgdoorman.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What Linux tells of this process. Threads: no state.
 *
 * @see <a
 *     href="https://man7.org/linux/man-pages/man5/proc_pid_status.5.html">proc_pid_status(5)</a>
 */
final class ProcStatus {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";
    private static final long KIB = 1024;

    private ProcStatus() {}

    /** Resident memory; 0 if it is unknown. */
    static long residentBytes() {
        try {
            return parse(Files.readAllLines(STATUS));
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    static long parse(List<String> lines) {
        for (String line : lines) {
            if (line.startsWith(RESIDENT)) {
                String value = line.substring(RESIDENT.length()).replace("kB", "").strip();
                return Long.parseLong(value) * KIB;
            }
        }
        return 0;
    }
}
