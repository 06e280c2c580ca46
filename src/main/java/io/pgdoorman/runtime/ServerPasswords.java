package io.pgdoorman.runtime;

import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.AuthQueryConfig;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.PasswordFrom;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.secret.SecretOrigin;
import io.pgdoorman.secret.Secrets;

import java.util.ArrayList;
import java.util.List;

/** What servers log in with, as the configuration has it. Threads: no state. */
final class ServerPasswords {
    private ServerPasswords() {}

    /** Whether servers log in with what the client proved. */
    static boolean passesThrough(UserConfig user) {
        return user.serverPassword().isEmpty()
                && user.serverPasswordFrom().isEmpty()
                && user.serverUsername().equals(user.username());
    }

    static ServerCredential credential(PoolConfig pool, UserConfig user) {
        if (user.serverPasswordFrom().isPresent()) {
            return new ServerCredential.Fetched(
                    origin(
                            pool,
                            user.serverPasswordFrom().get(),
                            pool.serverDatabase(),
                            user.serverUsername()));
        }
        if (user.serverPassword().isPresent()) {
            return ServerCredential.parse(
                    user.serverUsername(), user.serverPassword().get().reveal());
        }
        return passesThrough(user)
                ? ServerCredential.ofStored(
                        user.username(), StoredSecret.parse(user.password().reveal()))
                : new ServerCredential.None();
    }

    static SecretOrigin origin(PoolConfig pool, PasswordFrom from, String database, String role) {
        return SecretOrigin.of(from, pool.serverHost(), pool.serverPort(), database, role);
    }

    /**
     * What is wrong with the files of passwords that a configuration names, and with those that it
     * is, a sentence each. No reason not to start: a file may come later, and each login reads it
     * again.
     */
    static List<String> warnings(Config config) {
        List<String> warnings = new ArrayList<>();
        config.secretFiles().forEach(file -> Secrets.checkReaders(file).ifPresent(warnings::add));
        for (PoolConfig pool : config.pools().values()) {
            for (UserConfig user : pool.users()) {
                add(warnings, pool, credential(pool, user));
            }
            pool.authQuery().ifPresent(lookup -> add(warnings, pool, lookup));
        }
        return warnings.stream().distinct().toList();
    }

    private static void add(List<String> warnings, PoolConfig pool, AuthQueryConfig lookup) {
        lookup.passwordFrom()
                .map(from -> origin(pool, from, lookup.database(), lookup.user()))
                .ifPresent(origin -> add(warnings, pool, new ServerCredential.Fetched(origin)));
        lookup.serverUser()
                .ifPresent(
                        role ->
                                add(
                                        warnings,
                                        pool,
                                        credential(pool, LookedUpPools.user(pool, lookup, role))));
    }

    private static void add(List<String> warnings, PoolConfig pool, ServerCredential credential) {
        if (credential instanceof ServerCredential.Fetched(SecretOrigin origin)) {
            Secrets.check(origin)
                    .ifPresent(text -> warnings.add("pools.%s: %s".formatted(pool.name(), text)));
        }
    }
}
