package io.pgdoorman.handover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How many descriptors this process may still open (RLIMIT_NOFILE). Threads: no state. */
final class DescriptorRoom {
    /** Where /proc does not tell. */
    private static final int UNKNOWN = 1_000;

    private DescriptorRoom() {}

    static int left() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                Stream<String> limits = Files.lines(Path.of("/proc/self/limits"))) {
            long limit =
                    limits.filter(line -> line.startsWith("Max open files"))
                            .map(line -> line.replaceAll("\\s+", " ").split(" ")[3])
                            .mapToLong(
                                    text ->
                                            text.equals("unlimited")
                                                    ? Integer.MAX_VALUE
                                                    : Long.parseLong(text))
                            .findFirst()
                            .orElse(UNKNOWN);
            return Math.clamp(limit - open.count(), 0, Integer.MAX_VALUE);
        } catch (IOException | RuntimeException e) {
            return UNKNOWN;
        }
    }
}
