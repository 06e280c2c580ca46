package io.pgdoorman.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packaged program in a directory of its own, with a configuration written for it: TCP on a
 * free port of 127.0.0.1 and a Unix socket. The transport and the freeze-and-thaw mode of a whole
 * run are chosen by the system properties {@code pg_doorman.test.transport} and {@code
 * pg_doorman.test.thaw}. Threads: any.
 */
public final class PoolerProcess implements AutoCloseable {
    /** User and password of the admin console. */
    public static final String ADMIN = "admin";

    public static final String ADMIN_PASSWORD = "admin password";

    /** The environment of {@link Builder#withoutRehearsal}. */
    public static final Map<String, String> WITHOUT_REHEARSAL =
            Map.of("PG_DOORMAN_JAVA_OPTS", "-Djava.io.tmpdir=/dev/null");

    /** Flags of a socket in /proc/net/unix: {@code __SO_ACCEPTCON} of the kernel. */
    private static final String ACCEPTS_CONNECTIONS = "00010000";

    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration HANDOVER_LIMIT = Duration.ofSeconds(60);
    private static final Duration LOG_LIMIT = Duration.ofSeconds(5);
    private static final Pattern SUCCESSOR =
            Pattern.compile("Handover: done, process (\\d+) serves");
    private static final Pattern STARTED =
            Pattern.compile("Handover: started \\S+ as process (\\d+)");
    private static final int START_ATTEMPTS = 8;
    private static final Path PROGRAM =
            Path.of(System.getProperty("pg_doorman.home", "target/pg_doorman"))
                    .resolve("bin/pg_doorman")
                    .toAbsolutePath();

    private final Path home;
    private final int port;
    private final ChildProcess process;

    /** The process that serves now: a successor, after a handover. */
    private volatile long pid;

    private PoolerProcess(Path home, int port, ChildProcess process) {
        this.home = home;
        this.port = port;
        this.process = process;
        this.pid = process.pid();
    }

    /** Whether the packaged program is there; {@code mvn package} makes it. */
    public static boolean isPackaged() {
        return Files.isExecutable(PROGRAM);
    }

    /** The launcher of the packaged program. */
    public static Path program() {
        return PROGRAM;
    }

    public static Builder builder() {
        return new Builder();
    }

    public int port() {
        return port;
    }

    public InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    public Path socketDirectory() {
        return home;
    }

    public UnixDomainSocketAddress unixAddress() {
        return UnixDomainSocketAddress.of(home.resolve(".s.PGSQL." + port));
    }

    /** Where successors and {@code ctl} come, unless the test has configured another path. */
    public Path controlSocket() {
        return controlSocket(home);
    }

    private static Path controlSocket(Path home) {
        return home.resolve("control/upgrade.sock");
    }

    /** Its configuration file. */
    public Path configuration() {
        return home.resolve("pg_doorman.toml");
    }

    public WireClient client() {
        return WireClient.connect(address());
    }

    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, database);
    }

    public Connection connect(String user, String database) throws SQLException {
        return DriverManager.getConnection(jdbcUrl(database), user, "");
    }

    /** Sends {@code signal}, such as {@code "HUP"}, to the process that serves now. */
    public void signal(String signal) {
        ChildProcess.signal(pid, signal);
    }

    public boolean isAlive() {
        return isAlive(pid);
    }

    /** Whether there is a process with this pid that has not ended. */
    public static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    /** Of the process that serves now. */
    public long pid() {
        return pid;
    }

    /** Waits for the end of the process that serves now; the code of a successor is unknown: 0. */
    public int awaitExit(Duration limit) {
        if (pid == process.pid()) {
            return process.awaitExit(limit);
        }
        awaitEnd(pid, limit);
        return 0;
    }

    /** Waits until there is no such process. */
    public void awaitEnd(long ending, Duration limit) {
        Deadline deadline = Deadline.in(limit);
        while (isAlive(ending)) {
            if (deadline.isOver()) {
                throw new IllegalStateException(
                        "process %d still runs after %s: %s".formatted(ending, limit, log()));
            }
            Deadline.breathe();
        }
    }

    /**
     * Asks by SIGUSR2 for a handover and waits until the successor serves and the old process is
     * gone.
     */
    public void handOver() {
        signal("USR2");
        awaitSuccessor();
    }

    /** Waits until the process that serves now has been replaced. */
    public void awaitSuccessor() {
        long old = pid;
        awaitEnd(old, HANDOVER_LIMIT);
        Deadline deadline = Deadline.in(LOG_LIMIT); // its last words may still be in the pipe
        while (pid == old) {
            follow();
            if (pid == old && deadline.isOver()) {
                throw new IllegalStateException("no successor: " + log());
            }
            Deadline.breathe();
        }
    }

    /** Takes the pid of the successor named last in the log, if any. */
    public void follow() {
        Matcher done = SUCCESSOR.matcher(log());
        while (done.find()) {
            pid = Long.parseLong(done.group(1));
        }
    }

    /** From now on this is the process that serves: its predecessor has not said so. */
    public void follow(long successor) {
        pid = successor;
    }

    /** Runs {@code pg_doorman ctl} with these words and returns what it prints. */
    public String ctl(String... words) {
        return ChildProcess.run(ctlCommand(words));
    }

    /** The command line of {@code pg_doorman ctl}. */
    public List<String> ctlCommand(String... words) {
        List<String> command =
                new ArrayList<>(List.of(PROGRAM.toString(), configuration().toString(), "ctl"));
        command.addAll(List.of(words));
        return command;
    }

    /** What the program wrote to its standard error and output. */
    public String log() {
        return process.output();
    }

    /**
     * The log, once it has all of these: lines are written a little later than a client hears of
     * what they tell.
     */
    public String logWith(String... parts) {
        await().atMost(Duration.ofSeconds(10))
                .until(() -> Arrays.stream(parts).allMatch(log()::contains));
        return log();
    }

    /** Ends every process that was started for this one. */
    @Override
    public void close() {
        Matcher started = STARTED.matcher(log());
        while (started.find()) {
            ProcessHandle.of(Long.parseLong(started.group(1)))
                    .filter(this::isOurs)
                    .ifPresent(ProcessHandle::destroyForcibly);
        }
        process.close();
        PostgresBinaries.deleteTree(home);
    }

    /** Pids are used again: only a process with our configuration is ours. */
    private boolean isOurs(ProcessHandle handle) {
        try {
            return Files.readString(Path.of("/proc/" + handle.pid() + "/cmdline"))
                    .contains(home.toString());
        } catch (IOException e) {
            return false;
        }
    }

    /** The configuration, step by step; what is not named keeps the program's default. */
    public static final class Builder {
        private final Map<String, String> general = new LinkedHashMap<>();
        private final Map<String, String> environment = new LinkedHashMap<>();
        private final List<String> arguments = new ArrayList<>();
        private final StringBuilder pools = new StringBuilder();
        private String extra = "";
        private List<String> command = List.of(PROGRAM.toString());
        private String redirection = "";
        private boolean anyPool;

        private Builder() {
            general.put("host", "\"127.0.0.1\"");
            general.put("admin_username", quoted(ADMIN));
            general.put("admin_password", quoted(ADMIN_PASSWORD));
            general.put("worker_threads", "2");
            general.put(
                    "pg_hba",
                    "{ content = \"local all all trust\\nhost all all 127.0.0.1/32 trust\" }");
            String transport = System.getProperty("pg_doorman.test.transport", "");
            if (!transport.isEmpty()) {
                general.put("transport", quoted(transport));
            }
            String thaw = System.getProperty("pg_doorman.test.thaw", "");
            if (!thaw.isEmpty()) {
                environment.put("PG_DOORMAN_TEST_THAW", thaw);
            }
        }

        /** A key of the section {@code general}; {@code value} is TOML. */
        public Builder general(String key, String value) {
            general.put(key, value);
            return this;
        }

        /** The rules that admit clients, in the syntax of pg_hba.conf. */
        public Builder hba(String rules) {
            return general("pg_hba", "{ content = '''\n" + rules + "''' }");
        }

        /**
         * A pool with its users.
         *
         * @param name what clients connect to
         * @param settings TOML lines of the pool's section
         * @param users made by {@link #user}
         */
        public Builder pool(String name, String settings, String... users) {
            anyPool = true;
            pools.append("\n[pools.").append(name).append("]\n").append(settings).append('\n');
            for (String user : users) {
                pools.append("[[pools.").append(name).append(".users]]\n").append(user);
                pools.append('\n');
            }
            return this;
        }

        /** A pool of {@code size} servers for {@link PostgresServer#APP}, admitted by trust. */
        public Builder pool(
                String name, PostgresServer server, String database, String mode, int size) {
            return pool(
                    name, serverSettings(server, database, mode), user(PostgresServer.APP, size));
        }

        /**
         * TOML lines that lead a pool to {@code database} of {@code server} over TCP. Servers get
         * no application_name, as those of a client that names none.
         */
        public static String serverSettings(PostgresServer server, String database, String mode) {
            return """
            server_host = "%s"
            server_port = %d
            server_database = "%s"
            pool_mode = "%s"
            application_name = ""
            """
                    .formatted(server.host(), server.port(), database, mode);
        }

        /** TOML lines of a user without a password; {@code settings} are further lines. */
        public static String user(String name, int poolSize, String... settings) {
            boolean password =
                    Arrays.stream(settings).anyMatch(line -> line.startsWith("password"));
            return """
            username = "%s"
            %spool_size = %d
            %s
            """
                    .formatted(
                            name,
                            password ? "" : "password = \"\"\n",
                            poolSize,
                            String.join("\n", settings));
        }

        /** TOML to be put at the end of the file. */
        public Builder append(String toml) {
            extra += toml + "\n";
            return this;
        }

        /** Another installation's launcher. */
        public Builder program(Path launcher) {
            command = List.of(launcher.toString());
            return this;
        }

        /** Standard error goes to this file, or pipe with a reader, and not to {@link #log}. */
        public Builder errorTo(Path file) {
            redirection = "2>'" + file + "'";
            return this;
        }

        public Builder environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        /**
         * Successors do not rehearse, for want of a temporary directory, and are there in half the
         * time: for tests of what happens between the processes.
         */
        public Builder withoutRehearsal() {
            WITHOUT_REHEARSAL.forEach(this::environment);
            return this;
        }

        /**
         * Starts the program by this command, which finds it on the PATH, takes its arguments and
         * passes its output on.
         */
        public Builder startedBy(List<String> supervisor) {
            command = List.copyOf(supervisor);
            return environment("PATH", PROGRAM.getParent() + ":" + System.getenv("PATH"));
        }

        /** A further argument of the command line. */
        public Builder argument(String argument) {
            arguments.add(argument);
            return this;
        }

        /** Starts the program and waits until it takes connections. */
        public PoolerProcess start() {
            for (int attempt = 1; ; attempt++) {
                try {
                    return startOnce();
                } catch (PortTakenException e) {
                    if (attempt == START_ATTEMPTS) {
                        throw new IllegalStateException(e);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }

        private PoolerProcess startOnce() throws IOException {
            if (!isPackaged()) {
                throw new IllegalStateException(PROGRAM + " is missing: run mvn package");
            }
            Path home = Files.createTempDirectory("pg_doorman-test");
            int port = Ports.free();
            Path file = write(home, port);
            var line = new ArrayList<String>();
            if (!redirection.isEmpty()) {
                line.addAll(List.of("/bin/sh", "-c", "exec \"$@\" " + redirection, "sh"));
            }
            line.addAll(command);
            line.addAll(arguments);
            line.add(file.toString());
            var child = ChildProcess.start(line, environment, home);
            var pooler = new PoolerProcess(home, port, child);
            Deadline deadline = Deadline.in(START_LIMIT);
            Path socket = home.resolve(".s.PGSQL." + port); // bound after the TCP port
            while (!Ports.takesConnections(port) || !isListening(socket)) {
                if (!child.isAlive() || deadline.isOver()) {
                    String log = child.output();
                    pooler.close();
                    if (log.contains("in use")) {
                        throw new PortTakenException(log);
                    }
                    throw new IllegalStateException("pg_doorman does not start: " + log);
                }
                Deadline.breathe();
            }
            return pooler;
        }

        /** Writes the configuration of a process that the test starts itself. */
        public Path write(Path home, int port) throws IOException {
            Path file = Files.writeString(home.resolve("pg_doorman.toml"), toml(home, port));
            // that everybody can read its passwords would be warned of
            return Files.setPosixFilePermissions(
                    file, PosixFilePermissions.fromString("rw-r-----"));
        }

        private String toml(Path home, int port) {
            var text = new StringBuilder("[general]\n");
            Map<String, String> keys = new LinkedHashMap<>(general); // this process's alone
            keys.put("port", Integer.toString(port));
            keys.put("unix_socket_dir", quoted(home.toString()));
            keys.putIfAbsent("upgrade_socket", quoted(controlSocket(home).toString()));
            keys.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
            return text.append(anyPool ? "" : "\n[pools]\n").append(pools).append(extra).toString();
        }

        private static String quoted(String value) {
            return '"' + value + '"';
        }

        /** Its file is there a moment earlier. Connecting to it would count as a client. */
        private static boolean isListening(Path socket) throws IOException {
            try (var lines = Files.lines(Path.of("/proc/net/unix"))) {
                return lines.map(line -> line.split(" +"))
                        .anyMatch(
                                words ->
                                        words.length > 7
                                                && words[7].equals(socket.toString())
                                                && words[3].equals(ACCEPTS_CONNECTIONS));
            }
        }
    }

    private static final class PortTakenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        PortTakenException(String message) {
            super(message);
        }
    }
}
