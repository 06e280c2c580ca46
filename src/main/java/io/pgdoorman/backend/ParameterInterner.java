package io.pgdoorman.backend;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes equal {@link ParameterSet}s one object, so that ten thousand clients of one application
 * share one set and a link compares references. Bounded: a peer that invents values without end
 * costs sharing, not memory.
 *
 * <p>Threads: any thread, because the map is concurrent; a lost race only costs sharing.
 */
public final class ParameterInterner {
    private static final int MAX_SET_CHARACTERS = 2_048;
    private static final long MAX_CHARACTERS = 4 << 20;

    private final ConcurrentHashMap<ParameterSet, ParameterSet> sets = new ConcurrentHashMap<>();
    private final AtomicLong characters = new AtomicLong();

    /** The set to use in place of {@code set}: equal to it, and the same for all who ask. */
    public ParameterSet intern(ParameterSet set) {
        ParameterSet known = sets.get(set);
        if (known != null) {
            return known;
        }
        if (set.characters() > MAX_SET_CHARACTERS) {
            return set;
        }
        if (characters.addAndGet(set.characters()) > MAX_CHARACTERS) {
            sets.clear();
            characters.set(set.characters());
        }
        known = sets.putIfAbsent(set, set);
        return known == null ? set : known;
    }
}
