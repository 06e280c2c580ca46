package io.pgdoorman.bench.load;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Who sends its next query when. Threads: confined to the loop.
 *
 * <p>Two orders: the times come in the order in which they are added, or all at once from {@link
 * #atRandom}.
 */
final class Pace {
    private final int[] clients;
    private final long[] times;
    private int first;
    private int size;

    Pace(int capacity) {
        clients = new int[capacity];
        times = new long[capacity];
    }

    /** Once for each of {@code count} clients from {@code firstClient} on, in a random order. */
    static Pace atRandom(int firstClient, int count, long from, long to) {
        var random = new SplittableRandom();
        var pace = new Pace(Math.max(count, 1));
        for (int i = 0; i < count; i++) {
            int other = random.nextInt(i + 1);
            pace.clients[i] = pace.clients[other];
            pace.clients[other] = firstClient + i;
            pace.times[i] = random.nextLong(from, to);
        }
        Arrays.sort(pace.times, 0, count);
        pace.size = count;
        return pace;
    }

    /** Adds a client whose time is not before that of the one added last. */
    void add(int client, long time) {
        int at = (first + size++) % clients.length;
        clients[at] = client;
        times[at] = time;
    }

    /** Takes the next client whose time has come, or -1. */
    int due(long now) {
        if (size == 0 || times[first] - now > 0) {
            return -1;
        }
        int client = clients[first];
        first = (first + 1) % clients.length;
        size--;
        return client;
    }

    /** Nanoseconds until the next is due, at most {@code limit}. */
    long untilDue(long now, long limit) {
        return size == 0 ? limit : Math.clamp(times[first] - now, 0, limit);
    }
}
