package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.POOL;

import java.nio.file.Path;
import java.time.Duration;

/** {@code [pools.<name>.auth_query]}. Threads: immutable. */
final class AuthQueryKeys {
    static final KeyGroup AUTH_QUERY = new KeyGroup("Look-up of users");

    static final Key<String> QUERY =
            AUTH_QUERY
                    .key("query", ValueTypes.NAME)
                    .required()
                    .example("\"SELECT passwd FROM doorman.lookup($1)\"")
                    .reload(POOL)
                    .add("Gets the user's name as `$1`, returns its secret.");

    static final Key<String> USER =
            AUTH_QUERY
                    .key("user", ValueTypes.NAME)
                    .required()
                    .example("\"doorman_lookup\"")
                    .reload(POOL)
                    .add("Role that runs the query.");

    static final Key<Secret> PASSWORD =
            AUTH_QUERY
                    .key("password", ValueTypes.SECRET)
                    .byDefault(Secret.of(""), "`\"\"`")
                    .example("\"change-me\"")
                    .reload(POOL)
                    .add("Its password, plain text; or one of the next three.");

    static final Key<Path> PASSWORD_FILE =
            AUTH_QUERY
                    .key("password_file", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/run/secrets/doorman_lookup\"")
                    .reload(POOL)
                    .add("Its password: as `server_password_file` of a user.");

    static final Key<String> PASSWORD_COMMAND =
            AUTH_QUERY
                    .key("password_command", ValueTypes.NAME)
                    .unset("none")
                    .example("\"cloud-cli db-token --user doorman_lookup\"")
                    .reload(POOL)
                    .add("Its password: as `server_password_command` of a user.");

    static final Key<Path> PASSFILE =
            AUTH_QUERY
                    .key("passfile", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/passfile\"")
                    .reload(POOL)
                    .add("Its password: as `server_passfile` of a user.");

    static final Key<String> DATABASE =
            AUTH_QUERY
                    .key("database", ValueTypes.NAME)
                    .unset("the pool's name")
                    .example("\"postgres\"")
                    .reload(POOL)
                    .add("Database the query runs in.");

    static final Key<Integer> WORKERS =
            AUTH_QUERY
                    .key("workers", ValueTypes.integer(1, 1000))
                    .byDefault(2)
                    .reload(POOL)
                    .add("Connections for look-ups.");

    static final Key<String> SERVER_USER =
            AUTH_QUERY
                    .key("server_user", ValueTypes.NAME)
                    .unset("each user has a pool of its own")
                    .example("\"app_role\"")
                    .reload(POOL)
                    .add("All users found share one pool of this role.");

    static final Key<Secret> SERVER_PASSWORD =
            AUTH_QUERY
                    .key("server_password", ValueTypes.SECRET)
                    .unset("none")
                    .example("\"change-me\"")
                    .reload(POOL)
                    .check(Passwords::checkServer)
                    .add("Password of `server_user`, as that of a user; or one of the next three.");

    static final Key<Path> SERVER_PASSWORD_FILE =
            AUTH_QUERY
                    .key("server_password_file", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/run/secrets/app_role\"")
                    .reload(POOL)
                    .add("As that of a user.");

    static final Key<String> SERVER_PASSWORD_COMMAND =
            AUTH_QUERY
                    .key("server_password_command", ValueTypes.NAME)
                    .unset("none")
                    .example("\"cloud-cli db-token --user app_role\"")
                    .reload(POOL)
                    .add("As that of a user.");

    static final Key<Path> SERVER_PASSFILE =
            AUTH_QUERY
                    .key("server_passfile", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/passfile\"")
                    .reload(POOL)
                    .add("As that of a user.");

    static final Key<Integer> POOL_SIZE =
            AUTH_QUERY
                    .key("pool_size", ValueTypes.POSITIVE)
                    .byDefault(40)
                    .reload(POOL)
                    .add("Servers at most, per pool.");

    static final Key<Integer> MIN_POOL_SIZE =
            AUTH_QUERY
                    .key("min_pool_size", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(POOL)
                    .add("Servers kept ready per pool, at most `pool_size`.");

    static final Key<Duration> CACHE_TTL =
            AUTH_QUERY
                    .key("cache_ttl", QuantityTypes.DURATION)
                    .byDefault(Duration.ofHours(1))
                    .reload(POOL)
                    .add("How long a user found is remembered.");

    static final Key<Duration> CACHE_FAILURE_TTL =
            AUTH_QUERY
                    .key("cache_failure_ttl", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(30))
                    .reload(POOL)
                    .add("How long it is remembered that there is no such user.");

    static final Key<Duration> MIN_INTERVAL =
            AUTH_QUERY
                    .key("min_interval", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(1))
                    .reload(POOL)
                    .add("Least time between two look-ups of one user.");

    static final Key<Duration> UNUSED_POOL_TIMEOUT =
            AUTH_QUERY
                    .key("unused_pool_timeout", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(90))
                    .reload(POOL)
                    .add(
                            "A user's pool that has had no client for longer, and no servers beyond"
                                    + " min_pool_size, is removed.");

    private AuthQueryKeys() {}
}
