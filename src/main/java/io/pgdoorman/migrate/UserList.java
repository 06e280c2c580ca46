package io.pgdoorman.migrate;

import io.pgdoorman.config.PasswordKind;
import io.pgdoorman.config.Secret;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * PgBouncer's {@code auth_file}: {@code "name" "secret"} on each line, a quote in them doubled, the
 * rest of the line ignored. Threads: immutable.
 *
 * @param secrets by name, in the order of the file
 */
record UserList(Map<String, Secret> secrets) {
    static final UserList EMPTY = new UserList(Map.of());

    UserList {
        secrets = Collections.unmodifiableMap(new LinkedHashMap<>(secrets));
    }

    /** Lines that cannot be used are reported and left out. */
    static UserList read(Path file, String why, Findings findings) throws MigrationException {
        Map<String, Secret> secrets = new LinkedHashMap<>();
        List<String> lines = TextFile.lines(file, why);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            var at = new Place(file.toString(), i + 1);
            if (line.isEmpty() || line.startsWith(";")) {
                continue;
            }
            Optional<Quoted> name = quoted(line, 0);
            Optional<Quoted> secret = name.flatMap(n -> quoted(line, n.end()));
            if (!line.startsWith("\"") || name.isEmpty() || secret.isEmpty()) {
                findings.add(
                        at,
                        "auth_file",
                        "the line is not \"name\" \"secret\", and is left out",
                        "PgBouncer stops reading the file here: mend the line and import again");
                continue;
            }
            addUser(name.get().text(), Secret.of(secret.get().text()), at, secrets, findings);
        }
        return new UserList(secrets);
    }

    Optional<Secret> secret(String name) {
        return Optional.ofNullable(secrets.get(name));
    }

    private static void addUser(
            String name, Secret secret, Place at, Map<String, Secret> secrets, Findings findings) {
        boolean token = PasswordKind.of(secret) == PasswordKind.JWT;
        if (name.isEmpty()) {
            findings.add(at, "auth_file", "the name is empty, so the line is left out", "");
        } else if (token || !PasswordKind.isWellFormed(secret)) {
            findings.add(
                    at,
                    name,
                    "the secret begins like an MD5 or SCRAM secret or a token, but is none; the"
                            + " user is left out",
                    "give the user a new password");
        } else {
            secrets.put(name, secret);
        }
    }

    private static Optional<Quoted> quoted(String line, int from) {
        int start = line.indexOf('"', from);
        return start < 0 ? Optional.empty() : Quoted.read(line, start);
    }
}
