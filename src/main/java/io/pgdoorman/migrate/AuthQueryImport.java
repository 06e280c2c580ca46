package io.pgdoorman.migrate;

import io.pgdoorman.config.PasswordKind;
import io.pgdoorman.config.Secret;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code auth_user} and {@code auth_query} become a table of the pool. Threads: confined to one
 * import.
 */
final class AuthQueryImport {
    /** PgBouncer's default, with a name for the column the pooler looks for. */
    private static final String QUERY =
            "SELECT rolname, CASE WHEN rolvaliduntil < pg_catalog.now() THEN NULL ELSE rolpassword"
                    + " END AS passwd FROM pg_authid WHERE rolname = $1 AND rolcanlogin";

    private final BouncerSettings settings;
    private final UserList users;
    private final Findings findings;

    AuthQueryImport(BouncerSettings settings, UserList users, Findings findings) {
        this.settings = settings;
        this.users = users;
        this.findings = findings;
    }

    /** Empty if the database looks no users up. */
    List<Line> lines(BouncerConfig.Item database, ServerLogin login, int poolSize) {
        Optional<String> user = setting(database, "auth_user");
        Optional<String> query = setting(database, "auth_query");
        Optional<String> place = setting(database, "auth_dbname");
        if (user.isEmpty()) {
            return List.of();
        }
        Place at = database.get("auth_user").isPresent() ? database.at() : settings.at("auth_user");
        List<Line> lines = new ArrayList<>();
        lines.add(Line.of("query", query.orElse(QUERY)));
        lines.add(Line.of("user", user.get()));
        Optional<Secret> plain =
                users.secret(user.get()).filter(s -> PasswordKind.of(s) == PasswordKind.PLAIN);
        plain.ifPresent(secret -> lines.add(Line.of("password", secret.reveal())));
        if (plain.isEmpty()) {
            findings.add(
                    at,
                    database.name() + ": auth_user",
                    "auth_file has no password in plain text for it",
                    "set password of auth_query, unless PostgreSQL asks for none");
        }
        if (query.isPresent() && !query.get().matches("(?is).*\\bpassw(d|ord)\\b.*")) {
            findings.add(
                    database.get("auth_query").isPresent()
                            ? database.at()
                            : settings.at("auth_query"),
                    database.name() + ": auth_query",
                    "the secret is taken from the column passwd or password of its result, and the"
                            + " query names none",
                    "name the column, by AS passwd");
        }
        place.or(() -> database.get("dbname"))
                .filter(name -> !name.isEmpty() && !name.equals(database.name()))
                .ifPresent(name -> lines.add(Line.of("database", name)));
        login.role()
                .ifPresent(
                        role -> {
                            lines.add(Line.of("server_user", role));
                            login.password()
                                    .ifPresent(
                                            secret ->
                                                    lines.add(
                                                            Line.of(
                                                                    "server_password",
                                                                    secret.reveal())));
                        });
        lines.add(Line.of("pool_size", poolSize));
        return lines;
    }

    private Optional<String> setting(BouncerConfig.Item database, String name) {
        Optional<String> general = settings.value(name);
        return database.get(name).filter(value -> !value.isEmpty()).or(() -> general);
    }
}
