package io.pgdoorman.lookup;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Which roles users are members of, remembered for a while. Who comes at the same time waits for
 * the same question; failures are not remembered. Threads: any; never blocks.
 */
final class RoleCache {
    /** Where it is asked. May block. */
    @FunctionalInterface
    interface Source {
        Set<String> rolesOf(String user) throws LookupException;
    }

    static final Duration AGE = Duration.ofSeconds(10);
    private static final int MAX_USERS = 10_000;

    /** Of PostgreSQL's names; it would cut a longer one, which may then be somebody else's. */
    private static final int MAX_NAME_BYTES = 63;

    private record Entry(CompletableFuture<Set<String>> roles, long askedNanos) {}

    private final Source source;
    private final Executor executor;
    private final LongSupplier clock;
    private final Map<String, Entry> known = new ConcurrentHashMap<>();

    /**
     * @param executor of what may block
     * @param clock nanoseconds
     */
    RoleCache(Source source, Executor executor, LongSupplier clock) {
        this.source = source;
        this.executor = executor;
        this.clock = clock;
    }

    CompletableFuture<Set<String>> find(String user) {
        if (user.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            return CompletableFuture.completedFuture(Set.of());
        }
        long now = clock.getAsLong();
        if (known.size() >= MAX_USERS) {
            known.values().removeIf(entry -> isOld(entry, now));
            if (known.size() >= MAX_USERS) {
                known.clear();
            }
        }
        return known.compute(
                        user,
                        (_, entry) ->
                                entry != null && !isOld(entry, now)
                                        ? entry
                                        : new Entry(ask(user), now))
                .roles()
                .copy();
    }

    /** Whoever comes next is asked for. */
    void forget() {
        known.clear();
    }

    private static boolean isOld(Entry entry, long now) {
        return entry.roles().isCompletedExceptionally() || now - entry.askedNanos() > AGE.toNanos();
    }

    private CompletableFuture<Set<String>> ask(String user) {
        var answer = new CompletableFuture<Set<String>>();
        executor.execute(
                () -> {
                    try {
                        answer.complete(source.rolesOf(user));
                    } catch (LookupException | RuntimeException e) {
                        answer.completeExceptionally(e);
                    }
                });
        return answer;
    }
}
