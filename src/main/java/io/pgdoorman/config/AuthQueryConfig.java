package io.pgdoorman.config;

import java.time.Duration;
import java.util.Optional;

/**
 * Where users that no file names are looked up. Threads: immutable.
 *
 * @param query takes the user name as $1
 * @param password plain text, may be empty
 * @param passwordFrom where else it is
 * @param database for the look-up; the pool's name unless set
 * @param workers look-up connections, 1 or more
 * @param serverUser set: all users share one pool of this role; unset: a pool for each user
 * @param poolSize of each pool, 1 or more
 * @param cacheTtl of users found
 * @param cacheFailureTtl of users not found
 * @param minInterval least distance of two look-ups of one user
 * @param unusedPoolTimeout so long after its last login a user's pool may go
 */
public record AuthQueryConfig(
        String query,
        String user,
        Secret password,
        Optional<PasswordFrom> passwordFrom,
        String database,
        int workers,
        Optional<String> serverUser,
        Optional<Secret> serverPassword,
        Optional<PasswordFrom> serverPasswordFrom,
        int poolSize,
        int minPoolSize,
        Duration cacheTtl,
        Duration cacheFailureTtl,
        Duration minInterval,
        Duration unusedPoolTimeout) {}
