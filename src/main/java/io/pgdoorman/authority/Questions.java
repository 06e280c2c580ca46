package io.pgdoorman.authority;

import io.pgdoorman.auth.Authority.Verdict;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The questions to one authority, which block: some at a time, the others wait their turn, and all
 * are answered in time. What hangs keeps its thread and nobody else.
 *
 * <p>Threads: any asks. Those that block are platform threads, for what they call (PAM, the
 * resolver) blocks in C; they end when there is nothing to do, and hold up no exit.
 */
final class Questions {
    private static final int MAX_QUEUED = 1_000;
    private static final int IDLE_SECONDS = 10;

    private final String authority;
    private final Duration limit;
    private final Executor executor;

    /**
     * @param authority what it is called in messages
     * @param atOnce questions at a time
     * @param limit for an answer, with the time a question waits its turn
     */
    Questions(String authority, int atOnce, Duration limit) {
        this.authority = authority;
        this.limit = limit;
        var threads =
                new ThreadPoolExecutor(
                        atOnce,
                        atOnce,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(MAX_QUEUED),
                        Thread.ofPlatform().daemon().name("pooler-authority-", 1).factory());
        threads.allowCoreThreadTimeOut(true);
        this.executor = threads;
    }

    /** Asks; the future fails with an {@link AuthorityException}, or with what nobody foresaw. */
    CompletableFuture<Verdict> ask(Callable<Verdict> question) {
        var answer = new CompletableFuture<Verdict>();
        try {
            executor.execute(() -> run(question, answer));
        } catch (RejectedExecutionException tooMany) {
            return CompletableFuture.failedFuture(
                    new AuthorityException(
                            "%s: %d logins wait already".formatted(authority, MAX_QUEUED)));
        }
        return answer.orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(said(failure)));
    }

    private static void run(Callable<Verdict> question, CompletableFuture<Verdict> answer) {
        if (answer.isDone()) {
            return; // nobody waits any more
        }
        try {
            answer.complete(question.call());
        } catch (Throwable failure) {
            answer.completeExceptionally(failure);
        }
    }

    private Throwable said(Throwable failure) {
        return failure instanceof TimeoutException
                ? new AuthorityException(
                        "%s: no answer within %s s".formatted(authority, limit.toMillis() / 1e3))
                : failure;
    }
}
