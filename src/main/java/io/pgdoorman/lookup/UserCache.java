package io.pgdoorman.lookup;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * Remembers which users there are, and asks the source for the others: at most once at a time for
 * each user, whoever waits for the answer. If the source fails, a user who was there before still
 * is.
 *
 * <p>Users who do not exist are remembered apart, so that a flood of made-up names displaces no
 * real one. Both memories are bounded; what was not used for longest goes first.
 *
 * <p>Threads: any; one lock, never held while the source is asked.
 */
public final class UserCache {
    /** PostgreSQL's NAMEDATALEN - 1: a longer name is nobody's. */
    static final int MAX_NAME_BYTES = 63;

    /** Of users who exist, and of names that do not. */
    static final int MAX_ENTRIES = 10_000;

    /** Look-ups under way; more are refused, so that a flood of names takes no memory. */
    static final int MAX_FLIGHTS = 1_000;

    /** Age of an answer that is to be asked for again: more than any time for which one counts. */
    private static final long DUE_NANOS = Duration.ofDays(100 * 365).toNanos();

    private static final Logger LOG = LoggerFactory.getLogger(UserCache.class);
    private static final float LOAD_FACTOR = 0.75f;

    /**
     * How long answers count.
     *
     * @param found users who exist
     * @param missing users who do not
     * @param minInterval between two questions about one user
     */
    public record Ages(Duration found, Duration missing, Duration minInterval) {}

    /** A user, and how long ago the source told of it. */
    public record Remembered(LookedUpUser user, long ageNanos) {}

    /**
     * An answer of the source.
     *
     * @param askedNanos when it was asked last, with success or not
     */
    private record Entry(Optional<LookedUpUser> user, long fetchedNanos, long askedNanos) {}

    private final String database;
    private final UserSource source;
    private final Ages ages;
    private final LookupCounts counts;
    private final Executor executor;
    private final LongSupplier nanoTime;

    // guarded by this
    private final Map<String, Entry> found = bounded();
    private final Map<String, Entry> missing = bounded();
    private final Map<String, CompletableFuture<Optional<LookedUpUser>>> flights = new HashMap<>();
    private int expirations;

    /**
     * @param database for log lines
     * @param executor where the source may block
     */
    public UserCache(
            String database,
            UserSource source,
            Ages ages,
            LookupCounts counts,
            Executor executor,
            LongSupplier nanoTime) {
        this.database = database;
        this.source = source;
        this.ages = ages;
        this.counts = counts;
        this.executor = executor;
        this.nanoTime = nanoTime;
    }

    private static Map<String, Entry> bounded() {
        return new LinkedHashMap<>(16, LOAD_FACTOR, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Entry> eldest) {
                return size() > MAX_ENTRIES;
            }
        };
    }

    /**
     * A user; empty if there is none. Fails with {@link LookupException}. Completes on the
     * executor, or at once.
     *
     * @param afresh what is remembered has proved wrong: ask again, unless that was just done
     */
    public CompletableFuture<Optional<LookedUpUser>> find(String user, boolean afresh) {
        if (user.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        CompletableFuture<Optional<LookedUpUser>> flight;
        int asked;
        synchronized (this) {
            CompletableFuture<Optional<LookedUpUser>> present = flights.get(user);
            if (present != null) {
                counts.hits.increment();
                return present.copy();
            }
            Entry known = known(user);
            if (known != null && counts(known, afresh)) {
                return CompletableFuture.completedFuture(known.user());
            }
            if (flights.size() >= MAX_FLIGHTS) {
                if (known != null && known.user().isPresent()) {
                    counts.hits.increment();
                    return CompletableFuture.completedFuture(known.user());
                }
                return CompletableFuture.failedFuture(
                        new LookupException("too many look-ups of users at the same time"));
            }
            counts.misses.increment();
            if (known != null) {
                counts.refetches.increment();
            }
            flight = new CompletableFuture<>();
            flights.put(user, flight);
            asked = expirations;
        }
        var answer = flight.copy();
        executor.execute(() -> ask(user, flight, asked));
        return answer;
    }

    /**
     * Whoever comes next is asked for again, whom the answers of before may not know any more. They
     * still count where the source fails, and while {@link Ages#minInterval} has not passed.
     */
    public synchronized void expire() {
        expirations++;
        missing.clear();
        long fetched = nanoTime.getAsLong() - DUE_NANOS;
        found.replaceAll((_, entry) -> new Entry(entry.user(), fetched, entry.askedNanos()));
    }

    /** A user as remembered, however long ago it was found; null if it is not. */
    public synchronized @Nullable LookedUpUser remembered(String user) {
        Entry entry = found.get(user);
        return entry == null ? null : entry.user().orElse(null);
    }

    /** Told of every user remembered, and how long ago it was found; those used last come last. */
    public void forEach(BiConsumer<String, Remembered> action) {
        Map<String, Entry> copy;
        synchronized (this) {
            copy = new LinkedHashMap<>(found);
        }
        long now = nanoTime.getAsLong();
        copy.forEach(
                (user, entry) ->
                        entry.user()
                                .ifPresent(
                                        known ->
                                                action.accept(
                                                        user,
                                                        new Remembered(
                                                                known,
                                                                now - entry.fetchedNanos()))));
    }

    /** Takes over what another process remembers, unless it is known better here. */
    public synchronized void adopt(String user, Remembered remembered) {
        long fetched = nanoTime.getAsLong() - remembered.ageNanos();
        found.putIfAbsent(user, new Entry(Optional.of(remembered.user()), fetched, fetched));
    }

    /** Users remembered, and names of none. */
    public synchronized int size() {
        return found.size() + missing.size();
    }

    private @Nullable Entry known(String user) {
        Entry entry = found.get(user);
        return entry == null ? missing.get(user) : entry;
    }

    /** Whether an answer still stands. */
    private boolean counts(Entry entry, boolean afresh) {
        long now = nanoTime.getAsLong();
        Duration ttl = entry.user().isPresent() ? ages.found() : ages.missing();
        boolean fresh = now - entry.fetchedNanos() < ttl.toNanos();
        if (fresh && !afresh) {
            counts.hits.increment();
            return true;
        }
        boolean askedJustNow = now - entry.askedNanos() < ages.minInterval().toNanos();
        // A name of nobody may be tried again when its time is over, however long the interval.
        if (askedJustNow && (fresh || entry.user().isPresent())) {
            counts.rateLimited.increment();
            return true;
        }
        return false;
    }

    /**
     * @param asked number of expirations by then
     */
    private void ask(String user, CompletableFuture<Optional<LookedUpUser>> flight, int asked) {
        try {
            counts.queries.increment();
            Optional<LookedUpUser> answer = source.fetch(user);
            remember(user, answer, asked);
            flight.complete(answer);
        } catch (LookupException e) {
            counts.errors.increment();
            onFailure(user, flight, e);
        } catch (RuntimeException | Error e) {
            counts.errors.increment();
            LOG.error("auth_query of {}: unexpected failure", database, e);
            onFailure(user, flight, new LookupException("unexpected failure", e));
        }
    }

    private synchronized void remember(String user, Optional<LookedUpUser> answer, int asked) {
        long now = nanoTime.getAsLong();
        flights.remove(user);
        found.remove(user);
        missing.remove(user);
        // One from before the expiration may already be wrong.
        long fetched = asked == expirations ? now : now - DUE_NANOS;
        (answer.isPresent() ? found : missing).put(user, new Entry(answer, fetched, now));
    }

    private void onFailure(
            String user, CompletableFuture<Optional<LookedUpUser>> flight, LookupException e) {
        Entry stale;
        synchronized (this) {
            flights.remove(user);
            stale = found.get(user);
            if (stale != null) {
                stale = new Entry(stale.user(), stale.fetchedNanos(), nanoTime.getAsLong());
                found.put(user, stale);
            }
        }
        if (stale == null) {
            LOG.warn("auth_query of {} failed: {}", database, e.getMessage());
            flight.completeExceptionally(e);
        } else {
            LOG.warn(
                    "auth_query of {} failed, user \"{}\" is checked as found before: {}",
                    database,
                    user,
                    e.getMessage());
            flight.complete(stale.user());
        }
    }
}
