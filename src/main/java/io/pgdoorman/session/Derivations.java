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

    /** By address, whose turn is next first; guarded by this, as {@link #count}. */
    private final Map<String, ArrayDeque<Work>> waiting = new LinkedHashMap<>();

    private int count;

    private record Work(
            Supplier<ScramKeys> derivation,
            BooleanSupplier wanted,
            CompletableFuture<ScramKeys> keys) {}

    /**
     * @param executor runs one derivation for each task it is given
     */
    public Derivations(Executor executor) {
        this.executor = executor;
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
        synchronized (this) {
            if (count >= MAX_WAITING) {
                inVain = makeRoom(address);
                if (inVain == null) {
                    return CompletableFuture.failedFuture(new RejectedExecutionException());
                }
            }
            waiting.computeIfAbsent(address, _ -> new ArrayDeque<>()).addLast(work);
            count++;
        }
        if (inVain != null) { // its task is there already
            inVain.completeExceptionally(new RejectedExecutionException());
            return work.keys();
        }
        try {
            executor.execute(this::runNext);
        } catch (RejectedExecutionException full) {
            // Another's task may have taken it by now; then that one's work has no task.
            Work lost = remove(address, work) ? work : takeNext();
            if (lost != null) {
                lost.keys().completeExceptionally(full);
            }
        }
        return work.keys();
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

    private synchronized boolean remove(String address, Work work) {
        ArrayDeque<Work> all = waiting.get(address);
        if (all == null || !all.remove(work)) {
            return false;
        }
        count--;
        if (all.isEmpty()) {
            waiting.remove(address);
        }
        return true;
    }

    private void runNext() {
        Work next = takeNext();
        if (next == null) {
            return;
        }
        if (!next.wanted().getAsBoolean()) {
            next.keys().completeExceptionally(new CancellationException());
            return;
        }
        try {
            next.keys().complete(next.derivation().get());
        } catch (Throwable failure) { // the login must hear of it, whatever it is
            next.keys().completeExceptionally(failure);
        }
    }

    private synchronized @Nullable Work takeNext() {
        var addresses = waiting.entrySet().iterator();
        if (!addresses.hasNext()) {
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
