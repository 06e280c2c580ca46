package io.pgdoorman.authority;

import io.pgdoorman.auth.Authority.Verdict;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The questions to one authority, which block: some at a time, the others wait their turn, and all
 * are answered in time. What hangs longer than its limit keeps its thread, which another one
 * replaces, as long as there are not too many of these.
 *
 * <p>Threads: any asks. Those that block are platform threads, for what they call (PAM, the
 * resolver) blocks in C; they end when there is nothing to do, and hold up no exit.
 */
final class Questions {
    private static final int MAX_QUEUED = 1_000;
    private static final int IDLE_SECONDS = 10;

    /** Threads that hang may be so many times as many as those that should be at work. */
    private static final int MAX_LOST = 8;

    private final String authority;
    private final Duration limit;
    private final ThreadPoolExecutor executor;
    private final int atOnce;

    /** Threads whose question was given up; guarded by this. */
    private int lost;

    /**
     * @param authority what it is called in messages
     * @param atOnce questions at a time
     * @param limit for an answer, with the time a question waits its turn
     */
    Questions(String authority, int atOnce, Duration limit) {
        this.authority = authority;
        this.limit = limit;
        this.atOnce = atOnce;
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
        var begun = new AtomicBoolean();
        try {
            executor.execute(() -> run(question, answer, begun));
        } catch (RejectedExecutionException tooMany) {
            return CompletableFuture.failedFuture(
                    new AuthorityException(
                            "%s: %d logins wait already".formatted(authority, MAX_QUEUED)));
        }
        answer.whenComplete((_, failure) -> onEnd(failure, begun));
        return answer.orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS)
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(said(failure)));
    }

    private void run(
            Callable<Verdict> question, CompletableFuture<Verdict> answer, AtomicBoolean begun) {
        if (answer.isDone()) {
            return; // nobody waits any more
        }
        begun.set(true);
        try {
            answer.complete(question.call());
        } catch (Throwable failure) {
            answer.completeExceptionally(failure);
        } finally {
            if (!begun.getAndSet(false)) {
                replace(-1); // it has come back after all
            }
        }
    }

    private void onEnd(@Nullable Throwable failure, AtomicBoolean begun) {
        if (failure instanceof TimeoutException && begun.getAndSet(false)) {
            replace(1);
        }
    }

    /** So many more threads hang. */
    private synchronized void replace(int more) {
        lost += more;
        int threads = atOnce + Math.min(lost, MAX_LOST * atOnce);
        if (more > 0) {
            executor.setMaximumPoolSize(threads);
            executor.setCorePoolSize(threads);
        } else {
            executor.setCorePoolSize(threads);
            executor.setMaximumPoolSize(threads);
        }
    }

    private Throwable said(Throwable failure) {
        return failure instanceof TimeoutException
                ? new AuthorityException(
                        "%s: no answer within %s s".formatted(authority, limit.toMillis() / 1e3))
                : failure;
    }
}
