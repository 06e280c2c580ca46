package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The startup parameters that a row of {@code auth_query} gives the servers of one user, on top of
 * those of {@code [general]} and the pool. Threads: no state.
 */
public final class UserParameters {
    private UserParameters() {}

    /**
     * The parameters under their canonical names.
     *
     * @throws IllegalArgumentException they break the rules that hold in a file, too; names no
     *     value
     */
    public static Map<String, String> of(Map<String, String> row) {
        List<String> errors = new ArrayList<>();
        StartupParameters.check(
                row,
                new Key.Rule() {
                    @Override
                    public void error(String message) {
                        errors.add(message);
                    }

                    @Override
                    public void warning(String message) {}
                });
        if (!errors.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", errors));
        }
        return StartupParameters.merged(Map.of(), row);
    }

    /** The pool as the servers of a user with these parameters see it. */
    public static PoolConfig over(PoolConfig pool, Map<String, String> own) {
        return own.isEmpty()
                ? pool
                : pool.withStartupParameters(
                        StartupParameters.merged(pool.startupParameters(), own),
                        pool.applicationNameFixed()
                                || own.containsKey(StartupParameters.APPLICATION_NAME));
    }
}
