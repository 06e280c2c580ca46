package io.pgdoorman.migrate;

import io.pgdoorman.config.Secret;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code [databases]} and {@code [users]} become pools. In PgBouncer every user of {@code
 * auth_file} may use every database, so each pool gets them all. Threads: confined to one import.
 */
final class PoolsImport {
    private static final String ANY_DATABASE = "*";
    private static final Set<String> CONSOLE = Set.of("pgbouncer", "pgdoorman");
    private static final int PORT = 5432;

    /** Pairs that become parameters of a server's login. */
    private static final List<String> PARAMETERS =
            List.of("client_encoding", "datestyle", "timezone", "application_name");

    private static final Set<String> DATABASE_PAIRS =
            Set.of(
                    "host",
                    "port",
                    "dbname",
                    "user",
                    "password",
                    "auth_user",
                    "auth_query",
                    "auth_dbname",
                    "pool_size",
                    "min_pool_size",
                    "reserve_pool",
                    "reserve_pool_size",
                    "pool_mode",
                    "max_db_connections",
                    "server_lifetime");
    private static final Set<String> USER_PAIRS = Set.of("pool_mode", "pool_size");

    private final BouncerConfig config;
    private final BouncerSettings settings;
    private final UserList users;
    private final Findings findings;
    private final String defaultMode;
    private final Set<Place> reportedModes = new HashSet<>();

    PoolsImport(BouncerConfig config, BouncerSettings settings, UserList users, Findings findings) {
        this.config = config;
        this.settings = settings;
        this.users = users;
        this.findings = findings;
        defaultMode =
                mode(settings.value("pool_mode").orElse("session"), settings.at("pool_mode"))
                        .orElse("session");
    }

    List<Draft.Pool> pools() {
        config.users().values().forEach(this::reportUser);
        List<Draft.Pool> pools = new ArrayList<>();
        for (BouncerConfig.Item database : config.databases().values()) {
            if (database.name().equals(ANY_DATABASE)) {
                findings.add(
                        database.at(),
                        ANY_DATABASE,
                        "there is no pool for databases that are not listed",
                        "write a pool for each database; 'pg_doorman generate' does for all that"
                                + " PostgreSQL has");
            } else if (CONSOLE.contains(database.name())) {
                findings.add(
                        database.at(),
                        database.name(),
                        "is the admin console's name; left out",
                        "");
            } else {
                pools.add(pool(database));
            }
        }
        return pools;
    }

    private Draft.Pool pool(BouncerConfig.Item database) {
        reportPairs(database, DATABASE_PAIRS, Counterparts.OF_DATABASES);
        var sizes = sizes(database);
        var login = ServerLogin.of(database, users, findings);
        List<Line> lines = new ArrayList<>();
        server(database, lines);
        lines.add(Line.of("pool_mode", databaseMode(database)));
        database.get("server_lifetime")
                .flatMap(text -> settings.seconds("server_lifetime", text, database.at()))
                .map(time -> time.isZero() ? Duration.ofSeconds(1) : time)
                .ifPresent(
                        time ->
                                lines.add(
                                        Line.of("server_lifetime", BouncerSettings.written(time))));
        if (settings.text("server_reset_query").filter(String::isEmpty).isPresent()) {
            lines.add(Line.of("cleanup_server_connections", false));
        }
        lines.addAll(sizes.bound());
        List<List<Line>> entries = new ArrayList<>();
        users.secrets()
                .forEach((name, secret) -> entries.add(user(name, secret, database, sizes, login)));
        var lookup = new AuthQueryImport(settings, users, findings);
        return new Draft.Pool(
                database.name(), lines, entries, lookup.lines(database, login, sizes.size("")));
    }

    private void server(BouncerConfig.Item database, List<Line> lines) {
        String host = database.get("host").filter(h -> !h.isEmpty()).orElse("");
        if (host.startsWith("@")) {
            findings.add(
                    database.at(),
                    database.name() + ": host",
                    "abstract Unix sockets are not there; 127.0.0.1 is written",
                    "set server_host");
            host = "127.0.0.1";
        } else if (host.contains(",")) {
            findings.add(
                    database.at(),
                    database.name() + ": host",
                    "a pool has one server; the first host is taken",
                    "");
            host = host.substring(0, host.indexOf(',')).strip();
        }
        String directory = GeneralImport.unixSocketDirectory(settings);
        boolean unnamed = host.isEmpty();
        lines.add(
                Line.of(
                        "server_host",
                        unnamed ? (directory.startsWith("/") ? directory : "/tmp") : host));
        int port =
                database.get("port")
                        .flatMap(text -> settings.count("port", text, database.at()))
                        .orElse(PORT);
        if (port < 1 || port > 65_535) {
            findings.add(
                    database.at(),
                    database.name() + ": port",
                    "must be 1 to 65535; 5432 is written",
                    "");
            port = PORT;
        }
        lines.add(Line.of("server_port", port));
        database.get("dbname")
                .filter(name -> !name.isEmpty() && !name.equals(database.name()))
                .ifPresent(name -> lines.add(Line.of("server_database", name)));
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String name : PARAMETERS) {
            database.get(name).ifPresent(value -> parameters.put(name, value));
        }
        if (!parameters.isEmpty()) {
            lines.add(Line.of("startup_parameters", parameters));
        }
    }

    private PoolSizes sizes(BouncerConfig.Item database) {
        return new PoolSizes(database, config.users(), settings, users, findings);
    }

    private List<Line> user(
            String name,
            Secret secret,
            BouncerConfig.Item database,
            PoolSizes sizes,
            ServerLogin login) {
        List<Line> lines = new ArrayList<>();
        lines.add(Line.of("username", name));
        lines.add(Line.of("password", secret.reveal()));
        lines.addAll(login.lines(name));
        lines.add(Line.of("pool_size", sizes.size(name)));
        if (sizes.least(name) > 0) {
            lines.add(Line.of("min_pool_size", sizes.least(name)));
        }
        Optional<BouncerConfig.Item> role =
                Optional.ofNullable(config.users().get(database.get("user").orElse(name)));
        role.flatMap(item -> item.get("pool_mode").flatMap(mode -> mode(mode, item.at())))
                .filter(mode -> !mode.equals(databaseMode(database)))
                .ifPresent(mode -> lines.add(Line.of("pool_mode", mode)));
        return lines;
    }

    private String databaseMode(BouncerConfig.Item database) {
        return database.get("pool_mode")
                .flatMap(mode -> mode(mode, database.at()))
                .orElse(defaultMode);
    }

    private Optional<String> mode(String mode, Place at) {
        return switch (mode) {
            case "session", "transaction" -> Optional.of(mode);
            case "statement" -> {
                if (reportedModes.add(at)) {
                    findings.add(
                            at,
                            "pool_mode",
                            "there is no statement mode; transaction is written, which lets"
                                    + " clients have transactions of several statements",
                            "");
                }
                yield Optional.of("transaction");
            }
            default -> {
                if (reportedModes.add(at)) {
                    findings.add(at, "pool_mode", "is no mode of PgBouncer, and is left out", "");
                }
                yield Optional.empty();
            }
        };
    }

    private void reportUser(BouncerConfig.Item user) {
        reportPairs(user, USER_PAIRS, Counterparts.OF_USERS);
        boolean role =
                config.databases().values().stream()
                        .anyMatch(item -> item.get("user").filter(user.name()::equals).isPresent());
        if (users.secret(user.name()).isEmpty() && !role) {
            findings.add(
                    user.at(),
                    user.name(),
                    "is not in auth_file, so this line is left out",
                    "users that auth_query finds have the pool_size of auth_query");
        }
    }

    private void reportPairs(
            BouncerConfig.Item item, Set<String> known, Map<String, Counterparts.Missing> missing) {
        item.pairs()
                .forEach(
                        (key, value) -> {
                            if (known.contains(key) || PARAMETERS.contains(key)) {
                                return;
                            }
                            Counterparts.Missing none = missing.get(key);
                            String name = item.name() + ": " + key;
                            if (none == null) {
                                findings.add(
                                        item.at(), name, "is not known here, and is left out", "");
                            } else if (!none.defaults().equals(value)) {
                                findings.add(item.at(), name, none.why(), none.advice());
                            }
                        });
    }
}
