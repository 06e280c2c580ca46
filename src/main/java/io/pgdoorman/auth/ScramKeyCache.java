package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keys derived from passwords, so that the milliseconds of a derivation are spent once for each
 * password, salt and iteration count and not at each login. Keeps the least recently used out.
 * Passwords are known by a keyed hash: none stays in memory on account of this cache.
 *
 * <p>Threads: any; short critical sections, and a derivation that is already running is waited for
 * by those who want the same.
 */
public final class ScramKeyCache {
    private final Bytes hashKey;
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
        var random = new byte[ScramSha256.KEY_BYTES];
        new SecureRandom().nextBytes(random);
        this.hashKey = Bytes.copyOf(random);
        this.known = new LinkedHashMap<>(16, 0.75f, true);
    }

    /** What is known already; null otherwise. Takes microseconds. */
    @Nullable ScramKeys find(Bytes password, Bytes salt, int iterations) {
        return find(entry(password, salt, iterations));
    }

    private @Nullable ScramKeys find(Entry entry) {
        synchronized (known) {
            return known.get(entry);
        }
    }

    private Entry entry(Bytes password, Bytes salt, int iterations) {
        return new Entry(ScramSha256.hmac(hashKey, password.toByteArray()), salt, iterations);
    }

    void remember(Bytes password, Bytes salt, int iterations, ScramKeys keys) {
        remember(entry(password, salt, iterations), keys);
    }

    /** Finds or derives. May take milliseconds: not for an event loop. */
    ScramKeys derive(Bytes password, Bytes salt, int iterations) {
        Entry entry = entry(password, salt, iterations);
        ScramKeys found = find(entry);
        if (found != null) {
            return found;
        }
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

    private record Entry(Bytes passwordHash, Bytes salt, int iterations) {}
}
