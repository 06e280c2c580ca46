package io.pgdoorman.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** How memberships are remembered. */
class RoleCacheTest {
    private final Queue<Runnable> work = new ArrayDeque<>();
    private final List<String> asked = new ArrayList<>();
    private boolean down;
    private long now;

    private final RoleCache cache =
            new RoleCache(
                    user -> {
                        asked.add(user);
                        if (down) {
                            throw new LookupException("down");
                        }
                        return Set.of("staff");
                    },
                    work::add,
                    () -> now);

    private void runAll() {
        while (!work.isEmpty()) {
            work.remove().run();
        }
    }

    @Test
    void whoComesAtTheSameTimeWaitsForTheSameQuestion() {
        CompletableFuture<Set<String>> one = cache.find("alice");
        CompletableFuture<Set<String>> other = cache.find("alice");
        assertThat(one).isNotDone();
        runAll();

        assertThat(one).isCompletedWithValue(Set.of("staff"));
        assertThat(other).isCompletedWithValue(Set.of("staff"));
        assertThat(asked).containsExactly("alice");
    }

    @Test
    void anAnswerHoldsForAWhile() {
        cache.find("alice");
        runAll();
        now += RoleCache.AGE.toNanos();
        cache.find("alice");
        assertThat(work).isEmpty();

        now += 1;
        cache.find("alice");
        assertThat(work).hasSize(1);
    }

    @Test
    void whatIsForgottenIsAskedForAgain() {
        cache.find("alice");
        runAll();

        cache.forget();

        cache.find("alice");
        assertThat(work).hasSize(1);
    }

    @Test
    void aFailureIsAskedAgain() {
        down = true;
        CompletableFuture<Set<String>> first = cache.find("alice");
        runAll();
        assertThat(first).isCompletedExceptionally();

        down = false;
        CompletableFuture<Set<String>> second = cache.find("alice");
        runAll();
        assertThat(second).isCompletedWithValue(Set.of("staff"));
    }

    @Test
    void aNameThatCannotBeIsNobodys() {
        assertThat(cache.find("a".repeat(64))).isCompletedWithValue(Set.of());
        assertThat(cache.find("\u00e4".repeat(32))).isCompletedWithValue(Set.of());
        assertThat(cache.find("a".repeat(63))).isNotDone();
    }

    @Test
    void itsMemoryIsBounded() {
        for (int i = 0; i < 25_000; i++) {
            cache.find("user" + i);
            runAll();
        }
        cache.find("user0");
        assertThat(work).hasSize(1);
    }
}
