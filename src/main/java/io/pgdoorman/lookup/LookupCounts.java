package io.pgdoorman.lookup;

import java.util.concurrent.atomic.LongAdder;

/** What look-ups for one database came to, since the start of the process. Threads: any. */
public final class LookupCounts {
    public final LongAdder hits = new LongAdder();
    public final LongAdder misses = new LongAdder();

    /** Of them, those for a user who was known already. */
    public final LongAdder refetches = new LongAdder();

    /** Not asked again, for it was asked just now. */
    public final LongAdder rateLimited = new LongAdder();

    public final LongAdder logins = new LongAdder();
    public final LongAdder failedLogins = new LongAdder();
    public final LongAdder queries = new LongAdder();
    public final LongAdder errors = new LongAdder();
    public final LongAdder poolsCreated = new LongAdder();
    public final LongAdder poolsRemoved = new LongAdder();
}
