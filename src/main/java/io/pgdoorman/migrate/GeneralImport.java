package io.pgdoorman.migrate;

import io.pgdoorman.config.PasswordKind;
import io.pgdoorman.config.Secret;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code [pgbouncer]} becomes {@code [general]}. Where the defaults of the two differ so that
 * clients or PostgreSQL would notice, PgBouncer's is written. Threads: confined to one import.
 */
final class GeneralImport {
    /** For limits that are off in PgBouncer and cannot be off here. */
    private static final Duration VERY_LONG = Duration.ofDays(1);

    private static final Pattern OCTAL = Pattern.compile("0?[0-7]{1,3}");
    private static final Pattern LIST = Pattern.compile("[\\s,]+");

    private final BouncerSettings settings;
    private final UserList users;
    private final List<Line> lines = new ArrayList<>();

    GeneralImport(BouncerSettings settings, UserList users) {
        this.settings = settings;
        this.users = users;
    }

    /**
     * @param hba the rules of clients' logins
     */
    List<Line> lines(Line.Setting hba) {
        listening();
        admin();
        lines.add(hba);
        timeouts();
        servers();
        sockets();
        process();
        clientTls();
        serverTls();
        return List.copyOf(lines);
    }

    private void listening() {
        List<String> hosts = list("listen_addr");
        if (hosts.isEmpty()) {
            settings.report(
                    "listen_addr",
                    "is not set, so PgBouncer listens on its Unix socket only; here there is always"
                            + " a TCP listener, and it is put on 127.0.0.1",
                    "");
        } else if (hosts.size() > 1) {
            settings.report(
                    "listen_addr",
                    "there is one listening address; the first is taken",
                    "use 0.0.0.0 (or :: for IPv6 too) and say in pg_hba who may come");
        }
        String host = hosts.isEmpty() ? "127.0.0.1" : hosts.getFirst();
        lines.add(Line.of("host", host.equals("*") ? "0.0.0.0" : host));
        int port = settings.count("listen_port", 6432);
        if (port < 1 || port > 65535) {
            settings.report("listen_port", "must be 1 to 65535; 6432 is written", "");
            port = 6432;
        }
        add("listen_port", Line.of("port", port));
        add("max_client_conn", Line.of("max_connections", positive("max_client_conn", 100)));
        if (settings.isGiven("listen_backlog")) {
            lines.add(Line.of("backlog", settings.count("listen_backlog", 128)));
        }
        String directory = unixSocketDirectory(settings);
        if (directory.startsWith("@")) {
            settings.report("unix_socket_dir", "abstract Unix sockets are not there", "");
        } else if (!directory.isEmpty()) {
            add("unix_socket_dir", Line.of("unix_socket_dir", directory));
            add("unix_socket_mode", Line.of("unix_socket_mode", socketMode()));
        }
    }

    /** Where PgBouncer has its socket, and looks for PostgreSQL's; empty if it is switched off. */
    static String unixSocketDirectory(BouncerSettings settings) {
        return settings.text("unix_socket_dir").orElse("/tmp");
    }

    private String socketMode() {
        String mode = settings.value("unix_socket_mode").orElse("0777");
        if (OCTAL.matcher(mode).matches()) {
            return mode;
        }
        settings.report("unix_socket_mode", "is not an octal mode; 0600 is written", "");
        return "0600";
    }

    private void admin() {
        List<String> names = list("admin_users");
        String name = names.isEmpty() ? "admin" : names.getFirst();
        if (names.size() > 1) {
            settings.report(
                    "admin_users", "the admin console has one user; the first is taken", "");
        }
        lines.add(Line.of("admin_username", name));
        Optional<Secret> plain =
                users.secret(name).filter(s -> PasswordKind.of(s) == PasswordKind.PLAIN);
        if (plain.isEmpty() && !names.isEmpty()) {
            settings.report(
                    "admin_users",
                    "the admin console's password is plain text, and auth_file has none for this"
                            + " user; a random one is written",
                    "set admin_password");
        }
        lines.add(
                plain.map(secret -> Line.of("admin_password", secret.reveal()))
                        .orElseGet(() -> Line.of("admin_password", RandomPassword.next())));
    }

    private void timeouts() {
        time("client_login_timeout", 60, "login_timeout", "0 is off there; a day is written");
        time("server_connect_timeout", 15, "connect_timeout", "0 is off there; a day is written");
        time(
                "query_wait_timeout",
                120,
                "query_wait_timeout",
                "0 waits for ever there, and not at all here; a day is written");
        time("server_idle_timeout", 600, "idle_timeout", "");
        Duration lifetime = settings.seconds("server_lifetime", 3600);
        if (lifetime.isZero()) {
            settings.report(
                    "server_lifetime",
                    "0 means one use there, and no limit here; a second is written",
                    "");
            lifetime = Duration.ofSeconds(1);
        }
        add("server_lifetime", Line.of("server_lifetime", BouncerSettings.written(lifetime)));
        time("server_login_retry", 15, "server_login_retry", "");
    }

    private void servers() {
        Duration delay = settings.seconds("server_check_delay", 30);
        boolean off = settings.text("server_check_query").filter(String::isEmpty).isPresent();
        if (delay.isZero() && !off) {
            settings.report(
                    "server_check_delay",
                    "0 checks always there, and never here; 1 ms is written",
                    "");
            delay = Duration.ofMillis(1);
        }
        add(
                "server_check_delay",
                Line.of(
                        "server_idle_check_timeout",
                        BouncerSettings.written(off ? Duration.ZERO : delay)));
        if (settings.value("server_check_query").filter(q -> !isUsualCheck(q)).isPresent()) {
            settings.report("server_check_query", "the pooler has a check of its own", "");
        }
        if (settings.flag("server_round_robin", false)) {
            lines.add(Line.of("server_round_robin", true));
        }
        if (settings.isGiven("max_prepared_statements")) {
            int statements = settings.count("max_prepared_statements", 200);
            lines.add(
                    statements == 0
                            ? Line.of("prepared_statements", false)
                            : Line.of("server_prepared_statements_cache_size", statements));
        }
    }

    private static boolean isUsualCheck(String query) {
        return query.equalsIgnoreCase("select 1") || query.equals(";") || query.equals("<empty>");
    }

    private void sockets() {
        if (!settings.flag("tcp_keepalive", true)) {
            settings.report("tcp_keepalive", "keepalive is always on", "see tcp_keepalives_idle");
        }
        number("tcp_keepidle", "tcp_keepalives_idle", 32_767);
        number("tcp_keepintvl", "tcp_keepalives_interval", 32_767);
        number("tcp_keepcnt", "tcp_keepalives_count", 127);
        number("tcp_socket_buffer", "tcp_socket_buffer_size", Integer.MAX_VALUE);
        if (settings.isGiven("tcp_user_timeout")) {
            long millis = settings.count("tcp_user_timeout", 0);
            lines.add(Line.of("tcp_user_timeout", Math.ceilDiv(millis, 1000L))); // here in seconds
        }
    }

    private void number(String name, String key, int max) {
        if (settings.isGiven(name)) {
            lines.add(Line.of(key, Math.min(settings.count(name, 0), max)));
        }
    }

    private void process() {
        add(
                "log_connections",
                Line.of("log_client_connections", settings.flag("log_connections", true)));
        add(
                "log_disconnections",
                Line.of("log_client_disconnections", settings.flag("log_disconnections", true)));
        if (settings.flag("syslog", false)) {
            String ident = settings.value("syslog_ident").orElse("pgbouncer");
            lines.add(Line.of("syslog_prog_name", ident));
        }
        settings.text("syslog_ident");
        settings.value("pidfile")
                .ifPresent(
                        file -> {
                            lines.add(Line.of("daemon_pid_file", file));
                            settings.report(
                                    "pidfile",
                                    "is written with --daemon only",
                                    "give the new process a file of its own while both run");
                        });
    }

    private void clientTls() {
        String mode = settings.value("client_tls_sslmode").orElse("disable");
        Optional<String> key = settings.value("client_tls_key_file");
        Optional<String> certificate = settings.value("client_tls_cert_file");
        Optional<String> authorities = settings.value("client_tls_ca_file");
        String here =
                switch (mode) {
                    case "disable", "allow", "require" -> mode;
                    case "prefer" -> "allow";
                    case "verify-ca", "verify-full" -> "verify-full";
                    default -> "";
                };
        if (mode.equals("disable")) {
            return;
        }
        boolean verifies = here.equals("verify-full");
        if (here.isEmpty()
                || key.isEmpty()
                || certificate.isEmpty()
                || (verifies && authorities.isEmpty())) {
            settings.report(
                    "client_tls_sslmode",
                    "is no mode of PgBouncer, or the files it needs are not named; TLS is left out",
                    "set tls_mode, tls_certificate, tls_private_key and tls_ca_cert");
            return;
        }
        lines.add(Line.of("tls_mode", here));
        lines.add(Line.of("tls_certificate", certificate.get()));
        lines.add(Line.of("tls_private_key", key.get()));
        authorities.ifPresent(file -> lines.add(Line.of("tls_ca_cert", file)));
    }

    private void serverTls() {
        Optional<String> mode = settings.value("server_tls_sslmode");
        Optional<String> key = settings.value("server_tls_key_file");
        Optional<String> certificate = settings.value("server_tls_cert_file");
        Optional<String> authorities = settings.value("server_tls_ca_file");
        if (mode.isEmpty()) {
            return;
        }
        boolean verifies = mode.get().startsWith("verify-");
        boolean known =
                List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
                        .contains(mode.get());
        if (!known || (verifies && authorities.isEmpty())) {
            settings.report(
                    "server_tls_sslmode",
                    "is no mode of PgBouncer, or server_tls_ca_file is missing; it is left out",
                    "set server_tls_mode and server_tls_ca_cert");
            return;
        }
        lines.add(Line.of("server_tls_mode", mode.get()));
        authorities.ifPresent(file -> lines.add(Line.of("server_tls_ca_cert", file)));
        if (certificate.isPresent() && key.isPresent()) {
            lines.add(Line.of("server_tls_certificate", certificate.get()));
            lines.add(Line.of("server_tls_private_key", key.get()));
        }
    }

    private List<String> list(String name) {
        return settings.value(name).stream()
                .flatMap(LIST::splitAsStream)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /**
     * @param zero what to report for 0; empty if 0 means the same
     */
    private void time(String name, int seconds, String key, String zero) {
        Duration time = settings.seconds(name, seconds);
        if (time.isZero() && !zero.isEmpty()) {
            settings.report(name, zero, "");
            time = VERY_LONG;
        }
        add(name, Line.of(key, BouncerSettings.written(time)));
    }

    private int positive(String name, int otherwise) {
        int value = settings.count(name, otherwise);
        if (value == 0) {
            settings.report(name, "0 is not possible; 1 is written", "");
        }
        return Math.max(1, value);
    }

    /** Says so if the value is a default. */
    private void add(String name, Line.Setting setting) {
        lines.add(
                settings.isGiven(name)
                        ? setting
                        : new Line.Setting(
                                setting.key(), setting.value(), "PgBouncer's default of " + name));
    }
}
