package io.pgdoorman.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.StoredSecret;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

class UserCacheTest {
    private static final LookedUpUser OLD = user("0");
    private static final LookedUpUser NEW = user("1");

    private static LookedUpUser user(String digit) {
        return new LookedUpUser(StoredSecret.parse("md5" + digit.repeat(32)), Map.of());
    }

    private final Map<String, LookedUpUser> users = new HashMap<>(Map.of("ann", OLD));
    private final List<String> asked = new ArrayList<>();
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
    private final LookupCounts counts = new LookupCounts();
    private boolean down;

    private UserCache cache = cache(Duration.ofHours(1));

    private UserCache cache(Duration ttl) {
        return new UserCache(
                "db",
                user -> {
                    asked.add(user);
                    if (down) {
                        throw new LookupException("connection refused");
                    }
                    return Optional.ofNullable(users.get(user));
                },
                new UserCache.Ages(ttl, Duration.ofSeconds(30), Duration.ofSeconds(1)),
                counts,
                tasks::add,
                clock::get);
    }

    private CompletableFuture<Optional<LookedUpUser>> find(String user, boolean afresh) {
        CompletableFuture<Optional<LookedUpUser>> answer = cache.find(user, afresh);
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
        return answer;
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void aUserIsAskedForOnceUntilItsTimeIsOver() {
        find("ann", false);
        pass(Duration.ofMinutes(59));

        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(asked).hasSize(1);

        pass(Duration.ofMinutes(2));
        find("ann", false);
        assertThat(asked).hasSize(2);
        assertThat(counts.hits.sum()).isEqualTo(1);
        assertThat(counts.misses.sum()).isEqualTo(2);
        assertThat(counts.refetches.sum()).isEqualTo(1);
    }

    @Test
    void aNameOfNobodyIsRememberedForLess() {
        assertThat(find("bob", false).join()).isEmpty();
        pass(Duration.ofSeconds(29));
        users.put("bob", NEW);
        assertThat(find("bob", false).join()).isEmpty();

        pass(Duration.ofSeconds(2));

        assertThat(find("bob", false).join()).contains(NEW);
        assertThat(asked).hasSize(2);
    }

    @Test
    void allWhoComeDuringAQuestionGetItsAnswer() {
        List<CompletableFuture<Optional<LookedUpUser>>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(cache.find("ann", i % 2 == 1));
        }

        tasks.remove().run();

        assertThat(tasks).isEmpty();
        assertThat(asked).hasSize(1);
        assertThat(answers).allSatisfy(answer -> assertThat(answer.join()).contains(OLD));
    }

    @Test
    void anAnswerThatProvedWrongIsAskedForAgainButNotAtOnce() {
        find("ann", false);
        users.put("ann", NEW);

        assertThat(find("ann", true).join()).contains(OLD);
        assertThat(counts.rateLimited.sum()).isEqualTo(1);

        pass(Duration.ofSeconds(1));
        assertThat(find("ann", true).join()).contains(NEW);
    }

    @Test
    void aUserKnownBeforeOutlivesAFailureOfTheSource() {
        find("ann", false);
        pass(Duration.ofHours(2));
        down = true;

        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(asked).as("not at each login").hasSize(2);

        down = false;
        users.put("ann", NEW);
        pass(Duration.ofSeconds(1));
        assertThat(find("ann", false).join()).contains(NEW);
        assertThat(counts.errors.sum()).isEqualTo(1);
    }

    @Test
    void aFailureIsNotRemembered() {
        down = true;
        assertThat(find("ann", false)).isCompletedExceptionally();

        down = false;

        assertThat(find("ann", false).join()).contains(OLD);
    }

    @Test
    void namesTooLongForPostgresAreNobodys() {
        assertThat(find("é".repeat(32), false).join()).isEmpty();
        assertThat(asked).isEmpty();

        find("a".repeat(63), false);
        assertThat(asked).hasSize(1);
    }

    @Test
    void aFloodOfMadeUpNamesDisplacesNoUser() {
        find("ann", false);
        for (int i = 0; i <= UserCache.MAX_ENTRIES; i++) {
            find("nobody" + i, false);
        }

        find("ann", false);

        assertThat(counts.hits.sum()).isEqualTo(1);
        assertThat(cache.size()).isEqualTo(UserCache.MAX_ENTRIES + 1);
    }

    @Test
    void questionsUnderWayAreBounded() {
        for (int i = 0; i < UserCache.MAX_FLIGHTS; i++) {
            assertThat(cache.find("user" + i, false)).isNotDone();
        }

        assertThat(cache.find("ann", false)).isCompletedExceptionally();
        assertThat(tasks).hasSize(UserCache.MAX_FLIGHTS);
    }

    @Test
    void aUserKnownBeforeIsNotRefusedForTooManyQuestions() {
        find("ann", false);
        pass(Duration.ofHours(2));
        for (int i = 0; i < UserCache.MAX_FLIGHTS; i++) {
            cache.find("user" + i, false);
        }

        assertThat(cache.find("ann", false)).isCompletedWithValue(Optional.of(OLD));
        assertThat(cache.find("ann", true)).isCompletedWithValue(Optional.of(OLD));
        assertThat(tasks).hasSize(UserCache.MAX_FLIGHTS);
    }

    @Test
    void withoutATimeEachLoginAsksButNotMoreOftenThanTheInterval() {
        cache = cache(Duration.ZERO);
        find("ann", false);
        users.put("ann", NEW);

        assertThat(find("ann", false).join()).contains(OLD);
        pass(Duration.ofSeconds(1));
        assertThat(find("ann", false).join()).contains(NEW);
        assertThat(asked).hasSize(2);
    }

    @Test
    void whatHasExpiredIsAskedForAgain() {
        find("ann", false);
        find("bob", false);
        users.put("bob", NEW);
        users.remove("ann");
        pass(Duration.ofSeconds(1));

        cache.expire();

        assertThat(find("bob", false).join()).contains(NEW);
        assertThat(find("ann", false).join()).isEmpty();
        assertThat(counts.misses.sum()).isEqualTo(4);
    }

    @Test
    void whatHasExpiredCountsWithinTheIntervalAndWhileTheSourceFails() {
        find("ann", false);
        cache.expire();
        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(asked).hasSize(1);

        pass(Duration.ofSeconds(1));
        down = true;
        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(asked).hasSize(2);
    }

    /** PostgreSQL may have looked before what the expiration is meant for. */
    @Test
    void anAnswerUnderWayDuringTheExpirationHasExpiredToo() {
        CompletableFuture<Optional<LookedUpUser>> early = cache.find("ann", false);
        cache.expire();
        tasks.remove().run();
        assertThat(early).isCompletedWithValue(Optional.of(OLD));
        users.put("ann", NEW);
        pass(Duration.ofSeconds(1));

        assertThat(find("ann", false).join()).contains(NEW);
    }

    @Test
    void whatHasExpiredIsAskedForAgainByASuccessor() {
        find("ann", false);
        cache.expire();
        UserCache successor = cache(Duration.ofDays(365));
        cache.forEach(successor::adopt);
        users.put("ann", NEW);
        cache = successor;

        assertThat(find("ann", false).join()).contains(NEW);
    }

    /** Of a successor while PostgreSQL is away. */
    @Test
    void whatAnotherProcessRememberedCountsAndAgesOn() {
        down = true;
        cache.adopt("ann", new UserCache.Remembered(OLD, Duration.ofMinutes(59).toNanos()));

        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(asked).isEmpty();
        pass(Duration.ofMinutes(1));
        assertThat(find("ann", false).join()).contains(OLD);
        assertThat(asked).containsExactly("ann");
    }

    @Test
    void whatIsKnownHereIsNotReplacedByWhatWasKnownElsewhere() {
        users.put("ann", NEW);
        find("ann", false);

        cache.adopt("ann", new UserCache.Remembered(OLD, 0));

        assertThat(cache.remembered("ann")).isEqualTo(NEW);
    }
}
