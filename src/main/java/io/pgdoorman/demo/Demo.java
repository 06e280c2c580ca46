package io.pgdoorman.demo;

import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.runtime.Pooler;
import io.pgdoorman.runtime.RunOptions;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** PostgreSQL and the pooler together, until a signal ends the pooler. Threads: main only. */
public final class Demo {
    private static final int USUAL_PORT = 6432;

    private final Path installation;
    private final RunOptions options;
    private final PrintWriter out;

    /**
     * @param installation PostgreSQL's programs: {@code bin}, {@code lib}, {@code share}
     * @param out gets what the user should know
     */
    public Demo(Path installation, RunOptions options, PrintWriter out) {
        this.installation = installation;
        this.options = options;
        this.out = out;
    }

    /** Returns the exit code of the pooler; by then PostgreSQL and all files are gone. */
    public int run() throws IOException, InterruptedException, DemoException {
        out.println("Starting PostgreSQL ...");
        try (var postgres = DemoPostgres.start(installation)) {
            int port = freePort();
            Path config = postgres.home().resolve("pg_doorman.toml");
            Files.createFile(
                    config,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(config, configuration(postgres, port));
            out.printf(
                    """

                    PostgreSQL runs on a Unix socket in %1$s, pg_doorman in front of it on port %2$d.
                    Connect by:

                        psql "host=127.0.0.1 port=%2$d user=%3$s dbname=demo"

                    Configuration: %4$s
                    Ctrl+C ends both and removes all files.

                    """,
                    postgres.socketDirectory(), port, DemoPostgres.SUPERUSER, config);
            out.flush();
            return Pooler.run(config, ConfigLoader.load(config), options);
        } finally {
            out.println("The demo has ended, its files are removed.");
        }
    }

    private static String configuration(DemoPostgres postgres, int port) {
        return """
        [general]
        host = "127.0.0.1"
        port = %d
        admin_username = "admin"
        admin_password = "admin"
        shutdown_timeout = "1s"
        pg_hba = {content = "host all all 127.0.0.1/32 trust"}

        [pools.demo]
        server_host = "%s"
        server_port = %d
        server_database = "postgres"
        pool_mode = "transaction"

        [[pools.demo.users]]
        username = "%s"
        password = ""
        pool_size = 10
        """
                .formatted(
                        port,
                        postgres.socketDirectory(),
                        DemoPostgres.PORT,
                        DemoPostgres.SUPERUSER);
    }

    private static int freePort() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (var usual = new ServerSocket(USUAL_PORT, 1, loopback)) {
            return usual.getLocalPort();
        } catch (IOException taken) {
            try (var any = new ServerSocket(0, 1, loopback)) {
                return any.getLocalPort();
            }
        }
    }
}
