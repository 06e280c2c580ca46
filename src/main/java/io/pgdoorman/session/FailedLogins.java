package io.pgdoorman.session;

import org.jspecify.annotations.Nullable;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Slows down guessing: whoever has failed to log in several times hears of the next failure later
 * and later. Who succeeds is never slowed down, so that an application with a wrong password does
 * no harm to others behind the same address, not even to those of the same user: while a password
 * is rotated, some have the old one and try again and again. More connections do not guess faster:
 * the more refusals of a user wait, the longer each of them takes.
 *
 * <p>Counted are failures of a user from an address, and of all users from an address. Of IPv6
 * addresses the first 64 bits count, for that is what one customer has.
 *
 * <p>Threads: any.
 */
final class FailedLogins {
    /** Failures of a user that cost nothing: somebody mistypes, a pool begins with a few. */
    static final int FREE_OF_USER = 3;

    /** Failures of an address that cost nothing. */
    static final int FREE_OF_ADDRESS = 50;

    /** So many refusals of a user wait for the same time, the next so many twice as long. */
    static final int AT_ONCE = 20;

    /** After so long without a failure all is forgiven. */
    static final long MEMORY_NANOS = TimeUnit.MINUTES.toNanos(5);

    private static final long FIRST_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int MAX_ENTRIES = 16_384;
    private static final int KEPT_ENTRIES = MAX_ENTRIES / 4 * 3;
    private static final int IPV6_PREFIX_BYTES = 8;
    private static final int MAX_NAME = 63;

    private record Key(String address, String user) {}

    private static final class Count {
        final AtomicInteger failures = new AtomicInteger();
        final AtomicInteger waiting = new AtomicInteger();
        volatile long lastNanos;
    }

    private final LongSupplier clock;
    private final Map<Key, Count> users = new ConcurrentHashMap<>();
    private final Map<String, Count> addresses = new ConcurrentHashMap<>();

    FailedLogins(LongSupplier clock) {
        this.clock = clock;
    }

    /** A refusal that waits; to be ended once. */
    record Penalty(long nanos, Runnable end) {}

    /**
     * A login has failed.
     *
     * @param maxNanos longest delay as long as few refusals wait; 0 for none ever
     */
    Penalty onFailure(@Nullable InetAddress address, String user, long maxNanos) {
        if (maxNanos == 0) {
            return new Penalty(0, () -> {});
        }
        String prefix = prefix(address);
        Count ofUser = count(users, key(prefix, user));
        Count ofAddress = count(addresses, prefix);
        long nanos =
                Math.max(
                        delay(ofUser.failures.incrementAndGet() - FREE_OF_USER, maxNanos),
                        delay(ofAddress.failures.incrementAndGet() - FREE_OF_ADDRESS, maxNanos));
        if (nanos == 0) {
            return new Penalty(0, () -> {});
        }
        int turns = 1 + ofUser.waiting.getAndIncrement() / AT_ONCE;
        return new Penalty(nanos * turns, ofUser.waiting::decrementAndGet);
    }

    /** The user knows the password after all. */
    void onSuccess(@Nullable InetAddress address, String user) {
        if (!users.isEmpty()) {
            users.remove(key(prefix(address), user));
        }
    }

    private static long delay(int excess, long maxNanos) {
        return excess <= 0 ? 0 : Math.min(maxNanos, FIRST_DELAY_NANOS << Math.min(excess - 1, 16));
    }

    private <K> Count count(Map<K, Count> counts, K key) {
        long now = clock.getAsLong();
        if (counts.size() >= MAX_ENTRIES && !counts.containsKey(key)) {
            makeRoom(counts, now);
        }
        Count count = counts.computeIfAbsent(key, _ -> new Count());
        if (now - count.lastNanos > MEMORY_NANOS) {
            count.failures.set(0);
        }
        count.lastNanos = now;
        return count;
    }

    /**
     * Forgets what is old, and if that is little, whatever comes first. It makes room for many: to
     * look through all of them for each new one would be a way to keep a loop busy.
     */
    private static <K> void makeRoom(Map<K, Count> counts, long now) {
        counts.values().removeIf(count -> now - count.lastNanos > MEMORY_NANOS);
        Iterator<K> keys = counts.keySet().iterator();
        while (counts.size() > KEPT_ENTRIES && keys.hasNext()) {
            keys.next();
            keys.remove();
        }
    }

    /** Entries that it holds. */
    int size() {
        return users.size() + addresses.size();
    }

    /** No role has a longer name (NAMEDATALEN): those who try such names share a place. */
    private static Key key(String prefix, String user) {
        return new Key(prefix, user.length() > MAX_NAME ? "" : user);
    }

    /** What counts as one address; empty for the Unix socket. */
    static String prefix(@Nullable InetAddress address) {
        if (address == null) {
            return "";
        }
        byte[] bytes = address.getAddress();
        return HexFormat.of()
                .formatHex(
                        address instanceof Inet6Address
                                ? Arrays.copyOf(bytes, IPV6_PREFIX_BYTES)
                                : bytes);
    }
}
