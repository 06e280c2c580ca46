package io.pgdoorman.config;

import java.time.Duration;
import java.util.Optional;

/**
 * A user of one pool; pool mode and lifetime are effective values. Threads: immutable.
 *
 * @param password what the client must prove; see {@link #passwordKind}
 * @param poolSize servers at most, 1 or more
 * @param minPoolSize servers kept at least, 0 to {@code poolSize}
 * @param serverLifetime zero is off
 * @param serverUsername role at PostgreSQL; {@code username} unless set
 * @param serverPassword plain text for PostgreSQL, an MD5 hash, or the key of tokens
 * @param serverPasswordFrom where else it is; without both the client's secret is passed through
 */
public record UserConfig(
        String username,
        Secret password,
        int poolSize,
        int minPoolSize,
        PoolMode poolMode,
        Duration serverLifetime,
        String serverUsername,
        Optional<Secret> serverPassword,
        Optional<PasswordFrom> serverPasswordFrom,
        Optional<String> authPamService) {

    public PasswordKind passwordKind() {
        return PasswordKind.of(password);
    }
}
