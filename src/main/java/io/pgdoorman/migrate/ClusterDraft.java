package io.pgdoorman.migrate;

import io.pgdoorman.config.PasswordKind;
import io.pgdoorman.config.Secret;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The configuration for a {@link Cluster}: a pool for each database, each role in the pools it may
 * connect to. The databases share what PostgreSQL can take, so that all pools together never ask
 * for more. Threads: confined to one call.
 */
final class ClusterDraft {
    private static final Set<String> CONSOLE = Set.of("pgbouncer", "pgdoorman");
    private static final int PORT = 6432;

    private final Cluster cluster;
    private final GenerateOptions options;
    private final List<Cluster.Database> databases;
    private final List<Cluster.Role> users;
    private final int available;
    private final int share;

    private ClusterDraft(Cluster cluster, GenerateOptions options) {
        this.cluster = cluster;
        this.options = options;
        databases =
                cluster.databases().stream()
                        .filter(database -> !CONSOLE.contains(database.name()))
                        .filter(database -> database.limit() != 0)
                        .toList();
        users = cluster.roles().stream().filter(role -> whyLeftOut(role).isEmpty()).toList();
        available = Math.max(1, cluster.maxConnections() - cluster.reserved());
        share = Math.max(1, available / Math.max(1, databases.size()));
    }

    static Draft of(Cluster cluster, GenerateOptions options) {
        return new ClusterDraft(cluster, options).draft();
    }

    private Draft draft() {
        return new Draft(header(), general(), databases.stream().map(this::pool).toList());
    }

    private List<String> header() {
        List<String> header = new ArrayList<>();
        header.add(
                "Made by 'pg_doorman generate' from PostgreSQL %s at %s:%d. Check it by 'pg_doorman -t %s'."
                        .formatted(
                                cluster.version(),
                                options.host(),
                                options.port(),
                                options.format().exampleName()));
        header.add("It holds secrets: nobody but the pooler's user should be able to read it.");
        header.add("");
        header.add(
                "Sizes: max_connections of %d, without superuser_reserved_connections and reserved_connections of %d, leaves %d."
                        .formatted(cluster.maxConnections(), cluster.reserved(), available));
        header.add(
                "Divided by %d databases that is %d for each (max_db_connections). A user may have pool_size of them."
                        .formatted(databases.size(), share));
        header.add(
                databases.size() > available
                        ? "There are more databases than connections: remove pools, or raise max_connections."
                        : "Nothing is left for clients that go to PostgreSQL directly: lower max_db_connections for them,"
                                + " and give more to the databases that need more.");
        leftOut(header);
        return header;
    }

    private void leftOut(List<String> header) {
        if (!cluster.secretsReadable()) {
            header.add("");
            header.add(
                    "%s may not read pg_authid, so no secrets are known. Generate as a superuser, or add the users by hand:"
                            .formatted(options.user()));
            header.add(
                    cluster.roles().stream()
                            .map(Cluster.Role::name)
                            .collect(Collectors.joining(", ")));
            return;
        }
        List<String> roles =
                cluster.roles().stream()
                        .filter(role -> whyLeftOut(role).isPresent())
                        .map(role -> "- %s: %s".formatted(role.name(), whyLeftOut(role).get()))
                        .toList();
        if (!roles.isEmpty()) {
            header.add("");
            header.add("Roles that are left out:");
            header.addAll(roles);
        }
        List<String> names =
                cluster.databases().stream()
                        .filter(database -> !databases.contains(database))
                        .map(Cluster.Database::name)
                        .toList();
        if (!names.isEmpty()) {
            header.add("");
            header.add(
                    "Databases that are left out, as they have the admin console's name or a connection limit of 0: "
                            + String.join(", ", names));
        }
    }

    /** Empty if the pooler can let the role's clients in. */
    private static Optional<String> whyLeftOut(Cluster.Role role) {
        if (role.secret().isEmpty()) {
            return Optional.of(
                    "has no password at PostgreSQL (it logs in by peer, cert, ldap, ... or trust)");
        }
        Secret secret = role.secret().get();
        PasswordKind kind = PasswordKind.of(secret);
        boolean hash = kind == PasswordKind.MD5 || kind == PasswordKind.SCRAM_SHA_256;
        if (!hash || !PasswordKind.isWellFormed(secret)) {
            return Optional.of("its stored secret is neither SCRAM-SHA-256 nor md5");
        }
        if (role.expired()) {
            return Optional.of("its password has expired (VALID UNTIL)");
        }
        return role.limit() == 0 ? Optional.of("has a connection limit of 0") : Optional.empty();
    }

    private List<Line> general() {
        List<Line> lines = new ArrayList<>();
        lines.add(Line.of("host", "0.0.0.0"));
        lines.add(Line.of("port", PORT));
        lines.add(new Line.Comment("Of the admin console; the password is random."));
        lines.add(Line.of("admin_username", "admin"));
        lines.add(Line.of("admin_password", RandomPassword.next()));
        lines.add(
                new Line.Comment(
                        "Who may log in from where, as in pg_hba.conf. Narrow it: the one of"
                                + " PostgreSQL now sees the pooler's address only."));
        lines.add(Line.ofText("pg_hba", "local all all md5\nhost all all all md5\n"));
        lines.add(Line.of("log_client_connections", true));
        lines.add(Line.of("log_client_disconnections", true));
        if (options.tls()) {
            lines.add(Line.of("server_tls_mode", "require"));
        }
        return lines;
    }

    private Draft.Pool pool(Cluster.Database database) {
        int bound = database.limit() > 0 ? Math.min(share, database.limit()) : share;
        List<Line> lines = new ArrayList<>();
        lines.add(Line.of("server_host", options.serverHost().orElse(options.host())));
        lines.add(Line.of("server_port", options.port()));
        lines.add(Line.of("server_database", database.name()));
        lines.add(Line.of("pool_mode", options.sessionMode() ? "session" : "transaction"));
        lines.add(Line.of("max_db_connections", bound));
        Set<String> admitted = cluster.admitted().getOrDefault(database.name(), Set.of());
        List<Cluster.Role> those =
                users.stream().filter(role -> admitted.contains(role.name())).toList();
        if (those.isEmpty()) {
            lines.add(
                    new Line.Comment(
                            "No role with a known secret may connect to this database: add users."));
        }
        return new Draft.Pool(
                database.name(),
                lines,
                those.stream().map(role -> user(role, bound)).toList(),
                List.of());
    }

    private List<Line> user(Cluster.Role role, int bound) {
        int size = Math.min(options.poolSize(), bound);
        List<Line> lines = new ArrayList<>();
        if (role.superuser()) {
            lines.add(new Line.Comment("A superuser: remove it unless it is needed here."));
        }
        lines.add(Line.of("username", role.name()));
        lines.add(Line.of("password", role.secret().orElseThrow().reveal()));
        lines.add(Line.of("pool_size", role.limit() > 0 ? Math.min(size, role.limit()) : size));
        return lines;
    }
}
