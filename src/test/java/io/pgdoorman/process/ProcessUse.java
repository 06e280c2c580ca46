package io.pgdoorman.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

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

    @Override
    public String toString() {
        return "%d descriptors, %d MB".formatted(descriptors, residentBytes >> 20);
    }
}
