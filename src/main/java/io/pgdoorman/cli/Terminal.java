package io.pgdoorman.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

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

    /** Asks at the terminal without showing the answer; empty if there is no terminal. */
    @SuppressWarnings("SystemConsoleNull") // from Java 25 on it is null again without a terminal
    static Optional<String> askPassword(String question) {
        Console console = System.console();
        return console != null && console.isTerminal()
                ? Optional.ofNullable(console.readPassword("%s", question)).map(String::new)
                : Optional.empty();
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
