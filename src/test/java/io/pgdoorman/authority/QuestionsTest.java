package io.pgdoorman.authority;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.Authority.Verdict;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

class QuestionsTest {
    private static final int AT_ONCE = 2;

    private final CountDownLatch gate = new CountDownLatch(1);
    private final Questions questions = new Questions("oracle", AT_ONCE, Duration.ofMillis(200));

    @AfterEach
    void letThemGo() {
        gate.countDown();
    }

    private CompletableFuture<Verdict> hang() {
        return questions.ask(
                () -> {
                    gate.await();
                    return new Verdict.Unknown("too late");
                });
    }

    private static void awaitEnd(CompletableFuture<Verdict> question) throws Exception {
        try {
            question.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException unanswered) {
            assertThat(unanswered).hasMessageContaining("no answer within 0.2 s");
        }
    }

    /** A module of PAM cannot be interrupted. */
    @Test
    void whatHangsIsReplaced() throws Exception {
        List<CompletableFuture<Verdict>> hanging = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) {
            hanging.add(hang());
        }
        for (CompletableFuture<Verdict> one : hanging) {
            awaitEnd(one);
        }

        CompletableFuture<Verdict> next = questions.ask(() -> new Verdict.Known("alice", ""));

        assertThat(next.get(10, TimeUnit.SECONDS)).isEqualTo(new Verdict.Known("alice", ""));
    }
}
