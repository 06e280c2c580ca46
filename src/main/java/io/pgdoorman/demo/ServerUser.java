package io.pgdoorman.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The operating system's user that PostgreSQL runs as: ours, or {@code nobody} where we are root,
 * because PostgreSQL refuses to run as root. Threads: immutable.
 */
final class ServerUser {
    private static final int ROOT = 0;
    private static final int NOBODY = 65534;

    private final List<String> prefix;
    private final boolean ownsFiles;

    private ServerUser(List<String> prefix, boolean ownsFiles) {
        this.prefix = prefix;
        this.ownsFiles = ownsFiles;
    }

    /** Tries what this machine allows. */
    static ServerUser find() throws IOException, InterruptedException, DemoException {
        if (!Integer.valueOf(ROOT).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
            return new ServerUser(List.of(), false);
        }
        var setpriv =
                new ServerUser(
                        List.of(
                                "setpriv",
                                "--reuid=" + NOBODY,
                                "--regid=" + NOBODY,
                                "--clear-groups"),
                        true);
        // A new user namespace without a mapping: root outside is nobody inside, for files too.
        var unshare = new ServerUser(List.of("unshare", "--user"), false);
        for (ServerUser candidate : List.of(setpriv, unshare)) {
            if (candidate.works()) {
                return candidate;
            }
        }
        throw new DemoException(
                "PostgreSQL does not run as root, and neither setpriv nor unshare can change the"
                        + " user here: run the demo as an ordinary user");
    }

    List<String> command(List<String> command) {
        return Stream.concat(prefix.stream(), command.stream()).toList();
    }

    /** Lets that user write into {@code directory}. */
    void own(Path directory) throws IOException {
        if (ownsFiles) {
            Files.setAttribute(directory, "unix:uid", NOBODY);
            Files.setAttribute(directory, "unix:gid", NOBODY);
        }
    }

    private boolean works() throws InterruptedException {
        try {
            return new ProcessBuilder(command(List.of("true")))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // the program is not there
        }
    }
}
