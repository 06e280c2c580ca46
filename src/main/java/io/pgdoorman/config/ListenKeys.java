package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.LIVE;
import static io.pgdoorman.config.ReloadClass.NEW_CONNECTIONS;
import static io.pgdoorman.config.ReloadClass.RESTART;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * {@code [general]}: where clients connect, who may, and the sockets' options. Threads: immutable.
 */
final class ListenKeys {
    static final KeyGroup LISTEN = new KeyGroup("Listening");

    static final Key<String> HOST =
            LISTEN.key("host", ValueTypes.NAME)
                    .byDefault("0.0.0.0")
                    .reload(LIVE)
                    .add("Address or name to listen on. `0.0.0.0` accepts IPv4, `::` both.");

    static final Key<Integer> PORT =
            LISTEN.key("port", ValueTypes.LISTEN_PORT)
                    .byDefault(5432)
                    .reload(LIVE)
                    .add("TCP port, and part of the Unix socket's name. 0 takes a free one.");

    static final Key<Integer> BACKLOG =
            LISTEN.key("backlog", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(RESTART)
                    .add(
                            "Connections the kernel queues until they are accepted. 0 means as"
                                    + " many as `max_connections`.");

    static final Key<Integer> MAX_CONNECTIONS =
            LISTEN.key("max_connections", ValueTypes.POSITIVE)
                    .byDefault(8192)
                    .reload(LIVE)
                    .add(
                            "Clients at one time. One more is refused with SQLSTATE 53300, `sorry,"
                                    + " too many clients already`.");

    static final Key<Duration> LOGIN_TIMEOUT =
            LISTEN.key("login_timeout", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(60))
                    .reload(NEW_CONNECTIONS)
                    .add("Deadline for a client's login, from accept to the first ReadyForQuery.");

    static final Key<Duration> FAILED_LOGIN_DELAY =
            LISTEN.key("failed_login_delay", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(2))
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Longest delay before a client hears that its password is wrong, if"
                                    + " that has happened several times to the user from the same"
                                    + " address. 0 delays none.");

    static final Key<Path> UNIX_SOCKET_DIR =
            LISTEN.key("unix_socket_dir", ValueTypes.PATH)
                    .unset("no Unix socket")
                    .example("\"/var/run/pg_doorman\"")
                    .reload(LIVE)
                    .add("Also listen on `<directory>/.s.PGSQL.<port>`.");

    static final Key<Integer> UNIX_SOCKET_MODE =
            LISTEN.key("unix_socket_mode", ValueTypes.FILE_MODE)
                    .byDefault(0600)
                    .reload(LIVE)
                    .add("Permissions of the Unix socket, octal, up to `0777`.");

    static final Key<Transport> TRANSPORT =
            LISTEN.key("transport", ValueTypes.words(Transport.class, "_", false))
                    .byDefault(Transport.EPOLL)
                    .reload(RESTART)
                    .add(
                            "How sockets are driven. `epoll` runs everywhere; `io_uring` saves CPU"
                                    + " with many clients; `auto` takes io_uring where the kernel"
                                    + " and the container allow it.");

    static final KeyGroup SOCKETS = new KeyGroup("Sockets");

    static final Key<Long> UNIX_SOCKET_BUFFER_SIZE =
            SOCKETS.key("unix_socket_buffer_size", QuantityTypes.BYTES)
                    .byDefault(1L << 20)
                    .reload(NEW_CONNECTIONS)
                    .check(ListenKeys::fitsSocketOption)
                    .add("Send and receive buffers of Unix sockets. 0 leaves the kernel's choice.");

    static final Key<Long> TCP_SOCKET_BUFFER_SIZE =
            SOCKETS.key("tcp_socket_buffer_size", QuantityTypes.BYTES)
                    .byDefault(0L)
                    .reload(NEW_CONNECTIONS)
                    .check(ListenKeys::fitsTcpSocketOption)
                    .add("Send and receive buffers of TCP sockets. 0 leaves the kernel's tuning.");

    static final Key<Duration> TCP_KEEPALIVES_IDLE =
            SOCKETS.key("tcp_keepalives_idle", QuantityTypes.SECONDS)
                    .byDefault(Duration.ofSeconds(5))
                    .reload(NEW_CONNECTIONS)
                    .check((value, rule) -> wholeSeconds(value, 32_767, rule))
                    .add(
                            "Idle time before the first keepalive probe. 0 leaves the kernel's choice.");

    static final Key<Duration> TCP_KEEPALIVES_INTERVAL =
            SOCKETS.key("tcp_keepalives_interval", QuantityTypes.SECONDS)
                    .byDefault(Duration.ofSeconds(5))
                    .reload(NEW_CONNECTIONS)
                    .check((value, rule) -> wholeSeconds(value, 32_767, rule))
                    .add("Time between keepalive probes. 0 leaves the kernel's choice.");

    static final Key<Integer> TCP_KEEPALIVES_COUNT =
            SOCKETS.key("tcp_keepalives_count", ValueTypes.integer(0, 127))
                    .byDefault(5)
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Unanswered probes until a peer counts as gone. 0 is the kernel's choice.");

    static final Key<Duration> TCP_SO_LINGER =
            SOCKETS.key("tcp_so_linger", QuantityTypes.SECONDS)
                    .byDefault(Duration.ZERO)
                    .reload(NEW_CONNECTIONS)
                    .check((value, rule) -> wholeSeconds(value, 32_767, rule))
                    .add("SO_LINGER; 0 resets the connection when it is closed.");

    static final Key<Boolean> TCP_NO_DELAY =
            SOCKETS.key("tcp_no_delay", ValueTypes.BOOLEAN)
                    .byDefault(true)
                    .reload(NEW_CONNECTIONS)
                    .add("TCP_NODELAY: small messages leave at once.");

    static final Key<Duration> TCP_USER_TIMEOUT =
            SOCKETS.key("tcp_user_timeout", QuantityTypes.SECONDS)
                    .byDefault(Duration.ofSeconds(60))
                    .reload(LIVE)
                    .check((value, rule) -> wholeSeconds(value, Integer.MAX_VALUE / 1000, rule))
                    .add(
                            "Longest time a peer may leave sent data without any"
                                    + " acknowledgement; then its machine is taken for dead and the"
                                    + " connection is closed. A peer that answers and does not read"
                                    + " is left alone, unlike with the kernel's option of that"
                                    + " name. 0 leaves it to the kernel's retransmissions.");

    static final KeyGroup ACCESS = new KeyGroup("Access");

    static final Key<String> ADMIN_USERNAME =
            ACCESS.key("admin_username", ValueTypes.NAME)
                    .required()
                    .example("\"admin\"")
                    .reload(LIVE)
                    .add("User of the admin console (databases `pgdoorman` and `pgbouncer`).");

    static final Key<Secret> ADMIN_PASSWORD =
            ACCESS.key("admin_password", ValueTypes.SECRET)
                    .required()
                    .example("\"change-me\"")
                    .reload(LIVE)
                    .add("Password of the admin console, plain text.");

    static final Key<List<String>> ADMIN_USERS =
            ACCESS.key("admin_users", ListTypes.STRINGS)
                    .byDefault(List.of())
                    .example("[\"operator\"]")
                    .reload(LIVE)
                    .add(
                            "More users of the admin console, who may use all commands. Each is a"
                                    + " user of some pool, with the password it has there.");

    static final Key<List<String>> STATS_USERS =
            ACCESS.key("stats_users", ListTypes.STRINGS)
                    .byDefault(List.of())
                    .example("[\"monitoring\"]")
                    .reload(LIVE)
                    .add("As `admin_users`, but only for SHOW.");

    static final Key<HbaSource> PG_HBA =
            ACCESS.key("pg_hba", HbaSource.RULES)
                    .unset("everybody may log in, with the password the user has")
                    .example("{path = \"pg_hba.conf\"}")
                    .reload(LIVE)
                    .add(
                            "Who may log in from where: rules as in PostgreSQL's `pg_hba.conf`,"
                                    + " as text or as `{path = \"...\"}`. The first matching line"
                                    + " decides; see [Client access](#client-access).");

    static final Key<HbaSource> PG_IDENT =
            ACCESS.key("pg_ident", HbaSource.RULES)
                    .unset("no maps")
                    .example("\"staff alice.smith alice\"")
                    .reload(LIVE)
                    .add(
                            "User name maps as in PostgreSQL's `pg_ident.conf`, as text or as"
                                    + " `{path = \"...\"}`, for the option `map` of `pg_hba`.");

    static final Key<HbaSource> HBA =
            ACCESS.key("hba", HbaSource.NETWORKS_OR_RULES)
                    .byDefault(new HbaSource.Networks(List.of()))
                    .reload(LIVE)
                    .add(
                            "Older form of `pg_hba`: networks clients may come from. Unix sockets"
                                    + " pass; an empty list admits everybody. Not together with"
                                    + " `pg_hba`.");

    private ListenKeys() {}

    private static void fitsSocketOption(long bytes, Key.Rule rule) {
        if (bytes > Integer.MAX_VALUE) {
            rule.error("must be below 2GB, is " + bytes);
        }
    }

    private static void fitsTcpSocketOption(long bytes, Key.Rule rule) {
        int small = 64 << 10;
        fitsSocketOption(bytes, rule);
        if (bytes > 0 && bytes < small) {
            rule.warning("%d is less than 64KB, which slows transfers down".formatted(bytes));
        }
    }

    private static void wholeSeconds(Duration value, long max, Key.Rule rule) {
        if (value.toMillis() % 1000 != 0 || value.toSeconds() > max) {
            rule.error(
                    "must be whole seconds, at most %d, is %s"
                            .formatted(max, Quantities.format(value)));
        }
    }
}
