package io.pgdoorman.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** What a process uses at one moment, from /proc. Threads: immutable. */
record ProcessUse(int descriptors, long residentBytes) {
    static ProcessUse of(long pid) {
        return new ProcessUse(openDescriptors(pid), ProcessMemory.residentBytes(pid));
    }

    private static int openDescriptors(long pid) {
        try (var files = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            int count = 0;
            for (Path _ : files) {
                count++;
            }
            return count;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many descriptors of each kind are open: sockets, pipes, files by name. */
    static Map<String, Integer> openKinds(long pid) {
        Map<String, Integer> kinds = new TreeMap<>();
        try (var files = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path file : files) {
                String target = Files.readSymbolicLink(file).toString();
                kinds.merge(target.replaceFirst(":\\[\\d+]$", ""), 1, Integer::sum);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return kinds;
    }

    @Override
    public String toString() {
        return "%d descriptors, %d MB".formatted(descriptors, residentBytes >> 20);
    }
}
