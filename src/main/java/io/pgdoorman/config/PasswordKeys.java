package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The keys that say what password a role of PostgreSQL has: in plain text, or where from. Threads:
 * immutable.
 *
 * @param plain the password itself
 * @param role without which there is no use for one
 */
record PasswordKeys(
        Key<Secret> plain,
        Key<Path> file,
        Key<String> command,
        Key<Path> passFile,
        Key<String> role) {
    static final PasswordKeys OF_USER =
            new PasswordKeys(
                    UserKeys.SERVER_PASSWORD,
                    UserKeys.SERVER_PASSWORD_FILE,
                    UserKeys.SERVER_PASSWORD_COMMAND,
                    UserKeys.SERVER_PASSFILE,
                    UserKeys.SERVER_USERNAME);

    static final PasswordKeys OF_LOOKUP =
            new PasswordKeys(
                    AuthQueryKeys.PASSWORD,
                    AuthQueryKeys.PASSWORD_FILE,
                    AuthQueryKeys.PASSWORD_COMMAND,
                    AuthQueryKeys.PASSFILE,
                    AuthQueryKeys.USER);

    static final PasswordKeys OF_LOOKED_UP =
            new PasswordKeys(
                    AuthQueryKeys.SERVER_PASSWORD,
                    AuthQueryKeys.SERVER_PASSWORD_FILE,
                    AuthQueryKeys.SERVER_PASSWORD_COMMAND,
                    AuthQueryKeys.SERVER_PASSFILE,
                    AuthQueryKeys.SERVER_USER);

    /** At most one of them, and none without the role. */
    void check(Values values, Problems problems) {
        List<Key<?>> given =
                Stream.<Key<?>>of(plain, file, command, passFile)
                        .filter(key -> values.own(key).isPresent())
                        .toList();
        if (given.size() > 1) {
            problems.error(
                    values.position(given.get(1)),
                    values.name(given.get(1)),
                    "cannot be set together with " + given.getFirst().name());
        }
        if (!given.isEmpty() && values.own(role).isEmpty()) {
            Key<?> first = given.getFirst();
            problems.error(
                    values.position(first),
                    values.name(first),
                    "requires %s to be set".formatted(role.name()));
        }
    }

    Optional<PasswordFrom> from(Values values) {
        return values.find(file)
                .<PasswordFrom>map(PasswordFrom.File::new)
                .or(
                        () ->
                                values.find(command)
                                        .map(
                                                text ->
                                                        new PasswordFrom.Command(
                                                                text,
                                                                values.get(
                                                                        PoolKeys
                                                                                .PASSWORD_COMMAND_TIMEOUT),
                                                                values.get(
                                                                        PoolKeys
                                                                                .PASSWORD_COMMAND_MAX_AGE))))
                .or(() -> values.find(passFile).map(PasswordFrom.PassFile::new));
    }
}
