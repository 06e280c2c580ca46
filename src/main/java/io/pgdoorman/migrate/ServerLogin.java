package io.pgdoorman.migrate;

import io.pgdoorman.config.PasswordKind;
import io.pgdoorman.config.Secret;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who a database's servers log in as: {@code user=} and {@code password=} of the line, else the
 * client. Threads: immutable.
 *
 * @param role empty if each client is its own
 * @param password empty if the client's secret is passed on, or there is none
 */
record ServerLogin(Optional<String> role, Optional<Secret> password) {
    /** Reports a role that cannot log in by a password. */
    static ServerLogin of(BouncerConfig.Item database, UserList users, Findings findings) {
        Optional<String> role = database.get("user").filter(name -> !name.isEmpty());
        Optional<Secret> written = database.get("password").map(Secret::of);
        if (role.isEmpty()) {
            if (written.isPresent()) {
                findings.add(
                        database.at(),
                        database.name() + ": password",
                        "has no effect without user, in PgBouncer too; left out",
                        "");
            }
            return new ServerLogin(Optional.empty(), Optional.empty());
        }
        Optional<Secret> password = written.or(() -> users.secret(role.get()));
        PasswordKind kind = password.map(PasswordKind::of).orElse(PasswordKind.EMPTY);
        return switch (kind) {
            case PLAIN, JWT -> new ServerLogin(role, password);
            case EMPTY -> new ServerLogin(role, Optional.empty());
            case MD5, SCRAM_SHA_256 -> {
                findings.add(
                        database.at(),
                        "%s: user %s".formatted(database.name(), role.get()),
                        "only a hash of its password is known, with which other users' servers"
                                + " cannot log in",
                        "set server_password to the password in plain text");
                yield new ServerLogin(role, Optional.empty());
            }
        };
    }

    /** The settings of a client user. */
    List<Line> lines(String client) {
        List<Line> lines = new ArrayList<>();
        boolean other = role.isPresent() && !role.get().equals(client);
        if (other || password.isPresent()) {
            role.ifPresent(name -> lines.add(Line.of("server_username", name)));
            password.ifPresent(secret -> lines.add(Line.of("server_password", secret.reveal())));
        }
        return lines;
    }
}
