package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.POOL;

import java.nio.file.Path;
import java.time.Duration;

/** {@code [[pools.<name>.users]]}. Threads: immutable. */
final class UserKeys {
    static final KeyGroup USERS = new KeyGroup("Users");

    static final Key<String> USERNAME =
            USERS.key("username", ValueTypes.NAME)
                    .required()
                    .example("\"app_user\"")
                    .reload(POOL)
                    .add("Name clients log in with, once per pool.");

    /** {@link PoolRules} knows when it may be left out. */
    static final Key<Secret> PASSWORD =
            USERS.key("password", ValueTypes.SECRET)
                    .unset("required, but for `auth_pam_service`")
                    .example("\"change-me\"")
                    .reload(POOL)
                    .check(Passwords::check)
                    .add(
                            "What clients must prove: `SCRAM-SHA-256$...` or `md5...` as in"
                                    + " PostgreSQL's `pg_authid`, `jwt-pkey-fpath:<file>` for tokens,"
                                    + " else plain text. `\"\"` logs in by a `trust` rule only.");

    static final Key<Integer> POOL_SIZE =
            USERS.key("pool_size", ValueTypes.POSITIVE)
                    .byDefault(40)
                    .reload(POOL)
                    .add("Servers at most.");

    static final Key<Integer> MIN_POOL_SIZE =
            USERS.key("min_pool_size", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(POOL)
                    .add("Servers kept ready, at most `pool_size`.");

    static final Key<PoolMode> POOL_MODE =
            USERS.key("pool_mode", PoolKeys.POOL_MODE.type())
                    .inherits(PoolKeys.POOL_MODE)
                    .reload(POOL)
                    .add("Overrides the pool's.");

    static final Key<Duration> SERVER_LIFETIME =
            USERS.key("server_lifetime", QuantityTypes.DURATION)
                    .inherits(PoolKeys.SERVER_LIFETIME)
                    .reload(POOL)
                    .add("Overrides the pool's.");

    static final Key<String> SERVER_USERNAME =
            USERS.key("server_username", ValueTypes.NAME)
                    .unset("`username`")
                    .example("\"app_role\"")
                    .reload(POOL)
                    .add("Role at PostgreSQL.");

    static final Key<Secret> SERVER_PASSWORD =
            USERS.key("server_password", ValueTypes.SECRET)
                    .unset("the client's secret is passed on")
                    .example("\"change-me\"")
                    .reload(POOL)
                    .check(Passwords::checkServer)
                    .add(
                            "Password at PostgreSQL, plain text, or the MD5 hash of the role and it"
                                    + " (`md5...`, where PostgreSQL asks for MD5). `jwt-priv-key-fpath:<file>` names a"
                                    + " private key in PEM form: each login gets a token signed with"
                                    + " it. Needs `server_username`, as the next three do; one of"
                                    + " the four at most.");

    static final Key<Path> SERVER_PASSWORD_FILE =
            USERS.key("server_password_file", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/run/secrets/app_role\"")
                    .reload(POOL)
                    .add(
                            "Password at PostgreSQL: the first line of this file, read at each login.");

    static final Key<String> SERVER_PASSWORD_COMMAND =
            USERS.key("server_password_command", ValueTypes.NAME)
                    .unset("none")
                    .example("\"cloud-cli db-token --user app_role\"")
                    .reload(POOL)
                    .add(
                            "Password at PostgreSQL: the first line this command of the shell"
                                    + " writes. See `password_command_max_age`.");

    static final Key<Path> SERVER_PASSFILE =
            USERS.key("server_passfile", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/passfile\"")
                    .reload(POOL)
                    .add("Password file as libpq's `.pgpass`, read at each login.");

    static final Key<String> AUTH_PAM_SERVICE =
            USERS.key("auth_pam_service", ValueTypes.NAME)
                    .unset("no PAM")
                    .example("\"pg_doorman\"")
                    .reload(POOL)
                    .add(
                            "PAM service that checks the password, whatever `password` says;"
                                    + " `pam` lines of pg_hba name their own.");

    private UserKeys() {}
}
