package io.pgdoorman.runtime;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.UserConfig;

import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Whom logins ask who a client is. Two are equal if they say the same, so a reload sees new keys in
 * an old file.
 *
 * <p>Threads: immutable.
 */
record Authorities(Tokens tokens) {

    /**
     * Reads their files.
     *
     * @param executor of what would take a loop's time
     * @throws StartException one of them cannot be used; the message names it and says why
     */
    static Authorities of(Config config, Executor executor) {
        return new Authorities(Tokens.of(config, executor));
    }

    /** Those of another configuration, as {@link #of(Config, Executor)}. */
    Authorities of(Config config) {
        return new Authorities(tokens.of(config));
    }

    /** Whom the method of a rule asks; empty if it asks nobody. */
    Optional<Authority> of(HbaRule rule) {
        return switch (rule.method()) {
            case JWT -> tokens.of(rule);
            case PAM, LDAP -> Optional.empty();
            case TRUST, REJECT, PASSWORD, MD5, SCRAM_SHA_256, CERT, BY_SECRET -> Optional.empty();
        };
    }

    /** Who knows what proves that a client is this user; empty if the secret says it. */
    Optional<Authority> of(UserConfig user) {
        return tokens.of(user);
    }

    /** Who tells which user a client is that logs in by this name; empty for all other names. */
    Optional<Authority> tokenNames(String user) {
        return user.equals(Tokens.TALOS) ? tokens.talos() : Optional.empty();
    }
}
