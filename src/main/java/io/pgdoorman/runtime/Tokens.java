package io.pgdoorman.runtime;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.authority.TalosAuthority;
import io.pgdoorman.authority.TokenAuthority;
import io.pgdoorman.authority.TokenKeys;
import io.pgdoorman.authority.TokenKeysException;
import io.pgdoorman.authority.TokenRules;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.PasswordKind;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.TalosConfig;
import io.pgdoorman.config.UserConfig;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;

/**
 * Who verifies tokens: for rules of method jwt one for all that have the same options, for users
 * one for each file of keys, and the one of {@code [talos]}. Two are equal if they say the same.
 *
 * <p>Threads: immutable.
 */
final class Tokens {
    /** The user name of whoever is named by a Talos token. */
    static final String TALOS = "talos";

    private final Executor executor;
    private final Map<Map<String, String>, Authority> byOptions = new HashMap<>();
    private final Map<Path, Authority> byFile = new HashMap<>();
    private @Nullable Authority talos;

    private Tokens(Executor executor) {
        this.executor = executor;
    }

    /** As {@link Authorities#of(Config, Executor)}. */
    static Tokens of(Config config, Executor executor) {
        var tokens = new Tokens(executor);
        for (HbaRule rule : config.general().hba().rules()) {
            if (rule.method() == HbaMethod.JWT) {
                tokens.add(rule);
            }
        }
        for (PoolConfig pool : config.pools().values()) {
            pool.users().forEach(user -> tokens.add(pool, user));
        }
        config.talos().ifPresent(section -> tokens.add(section, config));
        return tokens;
    }

    Tokens of(Config config) {
        return of(config, executor);
    }

    // ---- reading --------------------------------------------------------------------------------

    private void add(HbaRule rule) {
        Map<String, String> options = rule.options().others();
        if (byOptions.containsKey(options)) {
            return;
        }
        try {
            String skew = options.get("jwtclockskew");
            var rules =
                    new TokenRules(
                            options.getOrDefault("jwtclaim", TokenRules.USER_CLAIM),
                            Optional.ofNullable(options.get("jwtissuer")),
                            Optional.ofNullable(options.get("jwtaudience")),
                            skew == null
                                    ? TokenRules.CLOCK_SKEW
                                    : Duration.ofSeconds(Integer.parseInt(skew)));
            Path keys = Path.of(Objects.requireNonNull(options.get("jwtkeys")));
            byOptions.put(options, authority(TokenKeys.read(keys), rules));
        } catch (TokenKeysException e) {
            throw failure("%s: jwtkeys".formatted(rule.place()), e);
        }
    }

    private void add(PoolConfig pool, UserConfig user) {
        if (user.passwordKind() != PasswordKind.JWT) {
            return;
        }
        Path file = PasswordKind.keyFile(user.password());
        try {
            if (!byFile.containsKey(file)) {
                byFile.put(file, authority(TokenKeys.read(file), TokenRules.DEFAULT));
            }
        } catch (TokenKeysException e) {
            throw failure("pools.%s: user %s".formatted(pool.name(), user.username()), e);
        }
    }

    private void add(TalosConfig section, Config config) {
        Map<String, Set<String>> users =
                config.pools().values().stream()
                        .collect(
                                Collectors.toMap(
                                        PoolConfig::name,
                                        pool ->
                                                pool.users().stream()
                                                        .map(UserConfig::username)
                                                        .filter(TalosAuthority.ROLES::contains)
                                                        .collect(Collectors.toSet())));
        try {
            talos =
                    new TalosAuthority(
                            TokenKeys.ofFiles(section.keys()),
                            new TalosAuthority.Scope(Set.copyOf(section.databases()), users),
                            executor,
                            InstantSource.system());
        } catch (TokenKeysException e) {
            throw failure("talos.keys", e);
        }
    }

    private TokenAuthority authority(TokenKeys keys, TokenRules rules) {
        return new TokenAuthority(keys, rules, executor, InstantSource.system());
    }

    private static StartException failure(String where, TokenKeysException e) {
        return new StartException(StartException.CONFIG, "%s: %s".formatted(where, e.getMessage()));
    }

    // ---- asking ---------------------------------------------------------------------------------

    Optional<Authority> of(HbaRule rule) {
        return Optional.ofNullable(byOptions.get(rule.options().others()));
    }

    Optional<Authority> of(UserConfig user) {
        return user.passwordKind() == PasswordKind.JWT
                ? Optional.ofNullable(byFile.get(PasswordKind.keyFile(user.password())))
                : Optional.empty();
    }

    Optional<Authority> talos() {
        return Optional.ofNullable(talos);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Tokens that
                && byOptions.equals(that.byOptions)
                && byFile.equals(that.byFile)
                && Objects.equals(talos, that.talos);
    }

    @Override
    public int hashCode() {
        return Objects.hash(byOptions, byFile, talos);
    }
}
