package io.pgdoorman.cli;

import io.pgdoorman.config.Config;
import io.pgdoorman.net.Posix;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where the process that runs with a configuration waits for successors and {@code ctl}. Threads:
 * no state.
 */
final class ControlPath {
    private ControlPath() {}

    /**
     * {@code upgrade_socket}; else a path by port in a directory of the user's own, in
     * $RUNTIME_DIRECTORY (systemd), $TMPDIR or /tmp.
     */
    static Path of(Config config, Map<String, String> environment) {
        return config.general()
                .process()
                .upgradeSocket()
                .map(Path::toAbsolutePath)
                .orElseGet(() -> byPort(config.general().listen().port(), environment));
    }

    private static Path byPort(int port, Map<String, String> environment) {
        String runtime = environment.getOrDefault("RUNTIME_DIRECTORY", "");
        String temporary = environment.getOrDefault("TMPDIR", "");
        Path directory =
                runtime.isEmpty()
                        ? Path.of(temporary.isEmpty() ? "/tmp" : temporary)
                                .resolve("pg_doorman-" + Posix.geteuid())
                        : Path.of(runtime.split(":", 2)[0]).resolve("control");
        return directory.toAbsolutePath().resolve("control." + port + ".sock");
    }
}
