package io.pgdoorman.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether a standard stream is a terminal; {@link System#console()} cannot tell them apart.
 * Threads: any, because it has no state.
 */
final class Terminal {
    private Terminal() {}

    static boolean isStandardInput() {
        return isTerminal(0);
    }

    static boolean isStandardError() {
        return isTerminal(2);
    }

    private static boolean isTerminal(int descriptor) {
        try {
            String device =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return device.startsWith("/dev/pts/")
                    || device.startsWith("/dev/tty")
                    || device.equals("/dev/console");
        } catch (IOException e) {
            return false; // closed, or no /proc
        }
    }
}
