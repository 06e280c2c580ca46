package io.pgdoorman.runtime;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.UserConfig;

import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Whom logins ask who a client is. Two are equal if they say the same, so a reload sees new keys in
 * an old file.
 *
 * <p>Threads: immutable.
 */
record Authorities(Tokens tokens, PasswordServices services) {

    /**
     * Reads their files.
     *
     * @param executor of what would take a loop's time
     * @throws StartException one of them cannot be used; the message names it and says why
     */
    static Authorities of(Config config, Executor executor) {
        PasswordServices.check(config);
        return new Authorities(Tokens.of(config, executor), new PasswordServices());
    }

    /**
     * Looks whether what a configuration asks for can be had.
     *
     * @throws StartException it cannot; the message says where it is asked for, and why
     */
    static void check(Config config) {
        PasswordServices.check(config);
        Tokens.of(config, Runnable::run);
    }

    /** Those of another configuration, as {@link #of(Config, Executor)}. */
    Authorities of(Config config) {
        PasswordServices.check(config);
        return new Authorities(tokens.of(config), services);
    }

    /** Makes what the configuration asks for, so that no login waits for it, and lets others go. */
    void use(Config config) {
        services.use(config);
    }

    /** Whom the method of a rule asks; empty if it asks nobody. */
    Optional<Authority> of(HbaRule rule) {
        return switch (rule.method()) {
            case JWT -> tokens.of(rule);
            case PAM, LDAP -> services.of(rule);
            case TRUST, REJECT, PASSWORD, MD5, SCRAM_SHA_256, CERT, BY_SECRET -> Optional.empty();
        };
    }

    /** Who knows what proves that a client is this user; empty if the secret says it. */
    Optional<Authority> of(UserConfig user) {
        return user.authPamService().map(services::pam).or(() -> tokens.of(user));
    }

    /** Who tells which user a client is that logs in by this name; empty for all other names. */
    Optional<Authority> tokenNames(String user) {
        return user.equals(Tokens.TALOS) ? tokens.talos() : Optional.empty();
    }

    /** See {@link io.pgdoorman.session.ClientDirectory#hostName}. */
    CompletableFuture<String> hostName(InetAddress address) {
        return services.hostName(address);
    }
}
