package io.pgdoorman.handover;

import io.pgdoorman.config.HbaRules;
import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.Rejection;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.stats.Bounds;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.Histogram;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.stats.Totals;

import java.util.ArrayList;
import java.util.List;

/**
 * What a process has counted, which goes to the one that has all its clients, so that no counter
 * goes back.
 *
 * <pre>
 *   in END:  3 pool*   4 connections   5 limit*   6 failed handovers   7 HBA line*
 *            8 pauses of clients   9 lost lines of the log
 *            10 counts of a look-up of users*, see {@link LookedUpUsers}
 *     pool:         1 database   2 user   3 counter*   4 bucket*   5 statements forgotten
 *       counter:    1 code   2 value
 *       bucket:     1 code of the timing   2 number from 0   3 value
 *     connections:  1 accepted   2 refused   3 logins   4 cancel requests   5 rejection*
 *                   6 logins with TLS
 *       rejection:  1 code   2 count
 *     limit:        1 database   2 evictions   3 servers out of the reserve   4 exhaustions
 *     HBA line:     1 file   2 text   3 which of several with this text, from 0   4 connections
 *     pauses:       1 bucket*   2 sum in nanoseconds
 *       bucket:     1 number from 0   2 value
 * </pre>
 *
 * <p>Threads: a thread of the handover.
 */
final class Statistics {
    private static final int POOL = 3;
    private static final int CONNECTIONS = 4;
    private static final int LIMIT = 5;
    private static final int FAILURES = 6;
    private static final int HBA_LINE = 7;
    private static final int PAUSES = 8;
    private static final int LOST_LINES = 9;
    private static final int LOOKUP_COUNTS = 10;

    private Statistics() {}

    /** Adds all of {@code host} to the body of an END. */
    static FieldWriter write(Host host, FieldWriter end) {
        for (Pool pool : host.pools()) {
            end.put(POOL, pool(pool));
        }
        host.coordinators().forEach((database, limit) -> end.put(LIMIT, limit(database, limit)));
        host.lookups()
                .forEach(
                        (database, lookup) ->
                                end.put(
                                        LOOKUP_COUNTS,
                                        LookedUpUsers.writeCounts(database, lookup)));
        for (HbaRules.Hits line : host.sessions().directory().hba().hits()) {
            if (line.count() != 0) {
                end.put(HBA_LINE, line(line));
            }
        }
        return end.put(CONNECTIONS, connections(host.sessions()))
                .put(FAILURES, host.handoverFailures().get())
                .put(PAUSES, pauses(host.clientPauses()))
                .put(LOST_LINES, host.logLevels().lostLines());
    }

    private static FieldWriter pauses(Histogram pauses) {
        var out = new FieldWriter().put(2, pauses.sumNanos());
        for (int bucket = 0; bucket < Bounds.count(); bucket++) {
            if (pauses.count(bucket) != 0) {
                out.put(1, new FieldWriter().put(1, bucket).put(2, pauses.count(bucket)));
            }
        }
        return out;
    }

    private static FieldWriter connections(Sessions sessions) {
        Sessions.Counts counts = sessions.counts();
        var out =
                new FieldWriter()
                        .put(1, counts.accepted())
                        .put(2, counts.refused())
                        .put(3, counts.logins())
                        .put(4, counts.cancelRequests())
                        .put(6, counts.secureLogins());
        for (Rejection reason : Rejection.values()) {
            long count = sessions.rejected(reason);
            if (count != 0) {
                out.put(5, new FieldWriter().put(1, reason.code()).put(2, count));
            }
        }
        return out;
    }

    private static FieldWriter line(HbaRules.Hits hits) {
        return new FieldWriter()
                .put(1, hits.file())
                .put(2, hits.text())
                .put(3, hits.repetition())
                .put(4, hits.count());
    }

    private static FieldWriter limit(String database, Coordinator limit) {
        Coordinator.Counts counts = limit.counts();
        return new FieldWriter()
                .put(1, database)
                .put(2, counts.evictions())
                .put(3, counts.reserveAcquisitions())
                .put(4, counts.exhaustions());
    }

    private static FieldWriter pool(Pool pool) {
        Totals totals = pool.stats().totals();
        var out =
                new FieldWriter()
                        .put(1, pool.database())
                        .put(2, pool.user())
                        .put(5, pool.statements().evictions());
        for (Counter counter : Counter.values()) {
            if (totals.get(counter) != 0) {
                out.put(3, new FieldWriter().put(1, counter.code()).put(2, totals.get(counter)));
            }
        }
        for (Timing timing : Timing.values()) {
            for (int bucket = 0; bucket < Bounds.count(); bucket++) {
                if (totals.get(timing, bucket) != 0) {
                    out.put(
                            4,
                            new FieldWriter()
                                    .put(1, timing.code())
                                    .put(2, bucket)
                                    .put(3, totals.get(timing, bucket)));
                }
            }
        }
        return out;
    }

    /** Counts go on in {@code host} from those of an END. */
    static void read(Message end, Host host) throws FormatException {
        FieldReader in = end.fields();
        List<HbaRules.Hits> lines = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case POOL -> readPool(in.message(), host);
                case CONNECTIONS -> readConnections(in.message(), host);
                case LIMIT -> readLimit(in.message(), host);
                case FAILURES -> host.handoverFailures().addAndGet(in.number());
                case HBA_LINE -> lines.add(readLine(in.message()));
                case PAUSES -> readPauses(in.message(), host.clientPauses());
                case LOOKUP_COUNTS -> LookedUpUsers.addCounts(host, in.message());
                case LOST_LINES -> host.logLevels().inheritLostLines(in.number());
                default -> {} // somebody else's, or of a later version
            }
        }
        host.sessions().directory().hba().inherit(lines);
    }

    private static void readPool(FieldReader in, Host host) throws FormatException {
        String database = "";
        String user = "";
        long evictions = 0;
        Totals totals = Totals.zero();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> database = in.text();
                case 2 -> user = in.text();
                case 3 -> readCounter(in.message(), totals);
                case 4 -> readBucket(in.message(), totals);
                case 5 -> evictions = in.number();
                default -> {} // of a later version
            }
        }
        Pool pool = host.pool(database, user);
        if (pool != null) {
            pool.stats().inherit(totals);
            pool.statements().inherit(evictions);
        }
    }

    private static void readCounter(FieldReader in, Totals totals) throws FormatException {
        Counter counter = null;
        long value = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> counter = Counter.of(in.integer());
                case 2 -> value = in.number();
                default -> {} // of a later version
            }
        }
        if (counter != null) {
            totals.add(counter, value);
        }
    }

    private static void readBucket(FieldReader in, Totals totals) throws FormatException {
        Timing timing = null;
        int bucket = 0;
        long value = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> timing = Timing.of(in.integer());
                case 2 -> bucket = in.integer();
                case 3 -> value = in.number();
                default -> {} // of a later version
            }
        }
        if (timing != null) {
            totals.add(timing, bucket, value);
        }
    }

    private static void readPauses(FieldReader in, Histogram into) throws FormatException {
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> readPauseBucket(in.message(), into);
                case 2 -> into.inheritSum(in.number());
                default -> {} // of a later version
            }
        }
    }

    private static void readPauseBucket(FieldReader in, Histogram into) throws FormatException {
        int bucket = 0;
        long value = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> bucket = in.integer();
                case 2 -> value = in.number();
                default -> {} // of a later version
            }
        }
        into.inherit(bucket, value);
    }

    private static void readConnections(FieldReader in, Host host) throws FormatException {
        long accepted = 0;
        long refused = 0;
        long logins = 0;
        long cancels = 0;
        long secure = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> accepted = in.number();
                case 2 -> refused = in.number();
                case 3 -> logins = in.number();
                case 4 -> cancels = in.number();
                case 5 -> readRejection(in.message(), host);
                case 6 -> secure = in.number();
                default -> {} // of a later version
            }
        }
        host.sessions().inherit(new Sessions.Counts(accepted, refused, logins, secure, cancels));
    }

    private static void readRejection(FieldReader in, Host host) throws FormatException {
        Rejection reason = null;
        long count = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> reason = Rejection.of(in.integer());
                case 2 -> count = in.number();
                default -> {} // of a later version
            }
        }
        if (reason != null) {
            host.sessions().inherit(reason, count);
        }
    }

    private static void readLimit(FieldReader in, Host host) throws FormatException {
        String database = "";
        long evictions = 0;
        long reserve = 0;
        long exhaustions = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> database = in.text();
                case 2 -> evictions = in.number();
                case 3 -> reserve = in.number();
                case 4 -> exhaustions = in.number();
                default -> {} // of a later version
            }
        }
        Coordinator limit = host.coordinators().get(database);
        if (limit != null) {
            limit.inherit(new Coordinator.Counts(evictions, reserve, exhaustions));
        }
    }

    private static HbaRules.Hits readLine(FieldReader in) throws FormatException {
        String file = "";
        String text = "";
        int repetition = 0;
        long count = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> file = in.text();
                case 2 -> text = in.text();
                case 3 -> repetition = in.integer();
                case 4 -> count = in.number();
                default -> {} // of a later version
            }
        }
        return new HbaRules.Hits(file, text, repetition, count);
    }
}
