package io.pgdoorman.authority;

import io.pgdoorman.auth.Authority.Verdict;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** How verdicts come about. Threads: no state. */
final class Verdicts {
    /** What is asked of a token. */
    @FunctionalInterface
    interface Question {
        Verdict answer() throws TokenException;
    }

    private Verdicts() {}

    /** Answers on the executor; the future fails if that has too much to do. */
    static CompletableFuture<Verdict> on(Executor executor, Question question) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return question.answer();
                        } catch (TokenException e) {
                            return new Verdict.Unknown(String.valueOf(e.getMessage()));
                        }
                    },
                    executor);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(
                    new RejectedExecutionException("too many logins at the same time", e));
        }
    }
}
