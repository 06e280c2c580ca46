package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keys derived from passwords, so that the milliseconds of a derivation are spent once for each
 * password, salt and iteration count and not at each login. Keeps the least recently used out.
 * Holds passwords: it lives in memory only.
 *
 * <p>Threads: any; short critical sections, and a derivation that is already running is waited for
 * by those who want the same.
 */
public final class ScramKeyCache {
    private final int maxEntries;
    private final Map<Entry, ScramKeys> known; // guarded by itself; in order of last use
    private final ConcurrentHashMap<Entry, CompletableFuture<ScramKeys>> running =
            new ConcurrentHashMap<>();

    /** At most {@code maxEntries} results, a few hundred bytes each. */
    public ScramKeyCache(int maxEntries) {
        if (maxEntries < 1) {
            throw new IllegalArgumentException("maxEntries must be 1 or more, is " + maxEntries);
        }
        this.maxEntries = maxEntries;
        this.known = new LinkedHashMap<>(16, 0.75f, true);
    }

    /** What is known already; null otherwise. Takes microseconds. */
    @Nullable ScramKeys find(Bytes password, Bytes salt, int iterations) {
        synchronized (known) {
            return known.get(new Entry(password, salt, iterations));
        }
    }

    void remember(Bytes password, Bytes salt, int iterations, ScramKeys keys) {
        remember(new Entry(password, salt, iterations), keys);
    }

    /** Finds or derives. May take milliseconds: not for an event loop. */
    ScramKeys derive(Bytes password, Bytes salt, int iterations) {
        ScramKeys found = find(password, salt, iterations);
        if (found != null) {
            return found;
        }
        var entry = new Entry(password, salt, iterations);
        var mine = new CompletableFuture<ScramKeys>();
        CompletableFuture<ScramKeys> other = running.putIfAbsent(entry, mine);
        if (other != null) {
            return other.join();
        }
        try {
            ScramKeys keys = ScramKeys.derive(password, salt, iterations);
            remember(entry, keys);
            mine.complete(keys);
            return keys;
        } catch (RuntimeException | Error e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            running.remove(entry, mine);
        }
    }

    int size() {
        synchronized (known) {
            return known.size();
        }
    }

    private void remember(Entry entry, ScramKeys keys) {
        synchronized (known) {
            known.put(entry, keys);
            if (known.size() > maxEntries) {
                known.remove(known.keySet().iterator().next());
            }
        }
    }

    private record Entry(Bytes password, Bytes salt, int iterations) {}
}
