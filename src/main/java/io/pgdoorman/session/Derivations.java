package io.pgdoorman.session;

import io.pgdoorman.auth.ScramKeys;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Derives keys for clients that log in, which takes milliseconds each. Addresses take turns, so
 * that however many logins come from one, a login from another waits for one of them and not for
 * all. What a client has left behind is not done at all.
 *
 * <p>Threads: any; short critical sections.
 */
public final class Derivations {
    /** Of all addresses together; of more, those of the busiest address are refused. */
    static final int MAX_WAITING = 1_000;

    private final Executor executor;
    private final int atOnce;

    /** By address, whose turn is next first; guarded by this, as the numbers. */
    private final Map<String, ArrayDeque<Work>> waiting = new LinkedHashMap<>();

    private int count;

    /** Tasks of the executor; guarded by this. */
    private int running;

    private record Work(
            Supplier<ScramKeys> derivation,
            BooleanSupplier wanted,
            CompletableFuture<ScramKeys> keys) {}

    /**
     * @param executor runs one derivation in each task, so that what others give it has its turns
     * @param atOnce so many tasks at most
     */
    public Derivations(Executor executor, int atOnce) {
        this.executor = executor;
        this.atOnce = atOnce;
    }

    /**
     * Begins a derivation.
     *
     * @param derivation takes milliseconds; called on a thread of the executor
     * @param source the client's address; null for a Unix socket
     * @param wanted whether the client is still there; asked on another thread
     * @return completes on any thread: fails with {@link RejectedExecutionException} if there are
     *     too many, with {@link CancellationException} if it is not wanted any more
     */
    CompletableFuture<ScramKeys> derive(
            @Nullable InetAddress source, Supplier<ScramKeys> derivation, BooleanSupplier wanted) {
        String address = FailedLogins.prefix(source);
        var work = new Work(derivation, wanted, new CompletableFuture<>());
        CompletableFuture<ScramKeys> inVain = null;
        boolean begins;
        synchronized (this) {
            if (count >= MAX_WAITING) {
                inVain = makeRoom(address);
                if (inVain == null) {
                    return CompletableFuture.failedFuture(new RejectedExecutionException());
                }
            }
            waiting.computeIfAbsent(address, _ -> new ArrayDeque<>()).addLast(work);
            count++;
            begins = running < atOnce;
            running += begins ? 1 : 0;
        }
        if (inVain != null) {
            inVain.completeExceptionally(new RejectedExecutionException());
        }
        if (begins) {
            goOn();
        }
        return work.keys();
    }

    /** Takes a turn among what else the executor has to do. */
    private void goOn() {
        try {
            executor.execute(this::runNext);
        } catch (RejectedExecutionException full) {
            failAll(full); // others have filled it, or the process ends
        }
    }

    private void failAll(RejectedExecutionException full) {
        Work next = takeNext();
        while (next != null) {
            next.keys().completeExceptionally(full);
            next = takeNext();
        }
    }

    /** Takes the last of the busiest address away; null if that is this one itself. */
    private @Nullable CompletableFuture<ScramKeys> makeRoom(String address) {
        Map.Entry<String, ArrayDeque<Work>> busiest =
                waiting.entrySet().stream()
                        .max(Comparator.comparingInt(entry -> entry.getValue().size()))
                        .orElseThrow();
        ArrayDeque<Work> own = waiting.getOrDefault(address, new ArrayDeque<>());
        if (busiest.getValue().size() <= own.size() + 1) {
            return null;
        }
        count--;
        return busiest.getValue().removeLast().keys();
    }

    private void runNext() {
        Work next = takeNext();
        if (next != null) {
            run(next);
            goOn();
        }
    }

    private static void run(Work work) {
        if (!work.wanted().getAsBoolean()) {
            work.keys().completeExceptionally(new CancellationException());
            return;
        }
        try {
            work.keys().complete(work.derivation().get());
        } catch (Throwable failure) { // the login must hear of it, whatever it is
            work.keys().completeExceptionally(failure);
        }
    }

    /** Null if there is nothing to do: then a task ends. */
    private synchronized @Nullable Work takeNext() {
        var addresses = waiting.entrySet().iterator();
        if (!addresses.hasNext()) {
            running--;
            return null;
        }
        Map.Entry<String, ArrayDeque<Work>> turn = addresses.next();
        String address = turn.getKey();
        ArrayDeque<Work> all = turn.getValue();
        addresses.remove();
        Work next = all.removeFirst();
        count--;
        if (!all.isEmpty()) {
            waiting.put(address, all); // at the end
        }
        return next;
    }
}
