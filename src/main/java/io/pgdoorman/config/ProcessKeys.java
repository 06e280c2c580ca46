package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.LIVE;
import static io.pgdoorman.config.ReloadClass.NEW_CONNECTIONS;
import static io.pgdoorman.config.ReloadClass.NONE;
import static io.pgdoorman.config.ReloadClass.RESTART;

import java.nio.file.Path;
import java.time.Duration;

/** {@code [general]}: traffic limits, housekeeping, the process and its log. Threads: immutable. */
final class ProcessKeys {
    static final KeyGroup TRAFFIC = new KeyGroup("Traffic");

    static final Key<Long> MAX_MEMORY_USAGE =
            TRAFFIC.key("max_memory_usage", QuantityTypes.BYTES)
                    .byDefault(256L << 20)
                    .reload(NEW_CONNECTIONS)
                    .check(
                            (bytes, rule) -> {
                                if (bytes == 0) {
                                    rule.error("must be > 0");
                                }
                            })
                    .add("Bytes of client messages that may be held in memory at one time.");

    static final Key<Long> MESSAGE_SIZE_TO_BE_STREAM =
            TRAFFIC.key("message_size_to_be_stream", QuantityTypes.BYTES)
                    .byDefault(1L << 20)
                    .reload(NONE)
                    .notInEffect("without effect: messages of every size are streamed")
                    .add("Accepted for old files: messages of every size are streamed.");

    static final Key<Duration> PROXY_COPY_DATA_TIMEOUT =
            TRAFFIC.key("proxy_copy_data_timeout", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(15))
                    .reload(LIVE)
                    .add("How long a client that reads nothing may hold up its server.");

    static final Key<String> POOLER_CHECK_QUERY =
            TRAFFIC.key("pooler_check_query", ValueTypes.STRING)
                    .byDefault(";")
                    .reload(LIVE)
                    .add(
                            "A simple query with exactly this text is answered by the pooler as"
                                    + " PostgreSQL answered it for the first client of the pool,"
                                    + " if the client is in no transaction. Empty: none is.");

    static final KeyGroup HOUSEKEEPING = new KeyGroup("Housekeeping");

    static final Key<Duration> RETAIN_CONNECTIONS_TIME =
            HOUSEKEEPING
                    .key("retain_connections_time", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(30))
                    .reload(LIVE)
                    .add("Period in which pools close old servers and refill to their minimum.");

    static final Key<Integer> RETAIN_CONNECTIONS_MAX =
            HOUSEKEEPING
                    .key("retain_connections_max", ValueTypes.COUNT)
                    .byDefault(3)
                    .reload(LIVE)
                    .add("Idle servers closed per period, over all pools. 0 is no limit.");

    static final KeyGroup LOGGING = new KeyGroup("Logging");

    static final Key<Boolean> LOG_CLIENT_CONNECTIONS =
            LOGGING.key("log_client_connections", ValueTypes.BOOLEAN)
                    .byDefault(true)
                    .reload(NEW_CONNECTIONS)
                    .add("Log each login.");

    static final Key<Boolean> LOG_CLIENT_DISCONNECTIONS =
            LOGGING.key("log_client_disconnections", ValueTypes.BOOLEAN)
                    .byDefault(true)
                    .reload(NEW_CONNECTIONS)
                    .add("Log each client that leaves.");

    static final Key<Duration> LOG_SLOW_CHECKOUTS =
            LOGGING.key("log_slow_checkouts", QuantityTypes.DURATION)
                    .byDefault(Duration.ofMillis(500))
                    .reload(LIVE)
                    .add(
                            "Log each client that has waited so long for a server, with what the"
                                    + " pool looked like when it got one. 0 logs none.");

    static final Key<Duration> LOG_SLOW_QUERIES =
            LOGGING.key("log_slow_queries", QuantityTypes.DURATION)
                    .byDefault(Duration.ZERO)
                    .reload(LIVE)
                    .add(
                            "Log each query that took so long, with its statement without literals"
                                    + " and parameters. 0 logs none. See [Log](logging.md).");

    static final Key<Boolean> AUDIT_LOG =
            LOGGING.key("audit_log", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Log how each login ended: who, from where, by which rule and method."
                                    + " See [Log](logging.md).");

    static final Key<String> SYSLOG_PROG_NAME =
            LOGGING.key("syslog_prog_name", ValueTypes.STRING)
                    .unset("log to standard error")
                    .example("\"pg_doorman\"")
                    .reload(RESTART)
                    .add(
                            "Log to the local syslog under this name, not to standard error; the"
                                    + " log format has no effect then. See [Log](logging.md).");

    static final Key<Path> SYSLOG_SOCKET =
            LOGGING.key("syslog_socket", ValueTypes.PATH)
                    .unset("/dev/log, or /var/run/syslog")
                    .example("\"/run/systemd/journal/dev-log\"")
                    .reload(RESTART)
                    .add("Unix socket of the local syslog, for `syslog_prog_name`.");

    static final KeyGroup PROCESS = new KeyGroup("Process");

    static final Key<Integer> WORKER_THREADS =
            PROCESS.key("worker_threads", ValueTypes.integer(1, 1024))
                    .byDefault(Runtime.getRuntime().availableProcessors(), "number of cores")
                    .reload(RESTART)
                    .example("4")
                    .add("Event loops that carry the traffic.");

    static final Key<Boolean> WORKER_CPU_AFFINITY_PINNING =
            PROCESS.key("worker_cpu_affinity_pinning", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(RESTART)
                    .notInEffect()
                    .add("Tie each event loop to a core.");

    static final Key<Duration> SHUTDOWN_TIMEOUT =
            PROCESS.key("shutdown_timeout", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(10))
                    .reload(LIVE)
                    .add("How long a graceful stop waits for clients to finish.");

    static final Key<Path> UPGRADE_SOCKET =
            PROCESS.key("upgrade_socket", ValueTypes.PATH)
                    .unset("/tmp/pg_doorman-UID/control.PORT.sock")
                    .example("\"/run/pg_doorman/control/upgrade.sock\"")
                    .reload(RESTART)
                    .add(
                            "Unix socket of pg_doorman ctl and --takeover. Its directory is made if"
                                    + " it is missing, and must be the user's own with mode 0700.");

    static final Key<Path> DAEMON_PID_FILE =
            PROCESS.key("daemon_pid_file", ValueTypes.PATH)
                    .byDefault(Path.of("/tmp/pg_doorman.pid"))
                    .reload(RESTART)
                    .add(
                            "Pid file, written with `--daemon` only. It follows handovers, and is"
                                    + " removed at a clean end.");

    static final Key<Long> WORKER_STACK_SIZE =
            PROCESS.key("worker_stack_size", QuantityTypes.BYTES)
                    .reload(NONE)
                    .example("\"8MB\"")
                    .add("Accepted for old files, and ignored.");

    static final Key<Integer> MAX_BLOCKING_THREADS =
            PROCESS.key("max_blocking_threads", ValueTypes.POSITIVE)
                    .reload(NONE)
                    .example("64")
                    .add("Accepted for old files, and ignored.");

    static final Key<Integer> TOKIO_GLOBAL_QUEUE_INTERVAL =
            PROCESS.key("tokio_global_queue_interval", ValueTypes.COUNT)
                    .reload(NONE)
                    .example("61")
                    .add("Accepted for old files, and ignored.");

    static final Key<Integer> TOKIO_EVENT_INTERVAL =
            PROCESS.key("tokio_event_interval", ValueTypes.COUNT)
                    .reload(NONE)
                    .example("61")
                    .add("Accepted for old files, and ignored.");

    private ProcessKeys() {}
}
