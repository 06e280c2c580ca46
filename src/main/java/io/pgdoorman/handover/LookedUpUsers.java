package io.pgdoorman.handover;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.lookup.LookedUpUser;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.lookup.UserCache;
import io.pgdoorman.lookup.UserLookup;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The users that were found by {@code auth_query}, so that they can log in to the successor though
 * PostgreSQL is away; and what look-ups came to.
 *
 * <pre>
 *   look-up:     1 database   2 fingerprint of the question   3 user*
 *     user:      1 name   2 secret as in pg_authid   3 age in seconds   4 startup parameter*
 *     parameter: 1 name   2 value
 *   counts:      1 database   2 hits   3 misses   4 refetches   5 limited by min_interval
 *                6 logins   7 failed logins   8 queries   9 errors   10 pools made
 *                11 pools removed
 * </pre>
 *
 * <p>Secrets go over the link alone. Threads: no state; a thread of the handover.
 */
final class LookedUpUsers {
    private LookedUpUsers() {}

    static FieldWriter write(String database, UserLookup lookup) {
        var out = new FieldWriter().put(1, database).put(2, lookup.fingerprint());
        lookup.cache()
                .forEach(
                        (name, known) -> {
                            String secret = text(known.user().secret());
                            if (secret != null) {
                                out.put(3, write(name, secret, known));
                            }
                        });
        return out;
    }

    private static FieldWriter write(String name, String secret, UserCache.Remembered known) {
        var out =
                new FieldWriter()
                        .put(1, name)
                        .put(2, secret)
                        .put(3, TimeUnit.NANOSECONDS.toSeconds(known.ageNanos()));
        known.user()
                .startupParameters()
                .forEach(
                        (parameter, value) ->
                                out.put(4, new FieldWriter().put(1, parameter).put(2, value)));
        return out;
    }

    /** Null if it admits nobody but by trust, and so is asked for again. */
    private static @Nullable String text(StoredSecret secret) {
        return switch (secret) {
            case StoredSecret.Md5(String hash) -> hash;
            case StoredSecret.Scram scram -> scram.format();
            case StoredSecret.Plain _,
                    StoredSecret.None _,
                    StoredSecret.Delegated _,
                    StoredSecret.Unusable _ ->
                    null;
        };
    }

    /** Passes over what another configuration has asked for. */
    static void adopt(Host host, FieldReader in) throws FormatException {
        UserLookup lookup = null;
        boolean same = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> lookup = host.lookups().get(in.text());
                case 2 -> {
                    byte[] fingerprint = in.bytes();
                    same = lookup != null && Arrays.equals(lookup.fingerprint(), fingerprint);
                }
                case 3 -> adopt(same ? lookup : null, in.message());
                default -> {} // of a later version
            }
        }
    }

    private static void adopt(@Nullable UserLookup lookup, FieldReader in) throws FormatException {
        String name = "";
        String secret = "";
        long age = 0;
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> name = in.text();
                case 2 -> secret = in.text();
                case 3 -> age = in.number();
                case 4 -> readParameter(in.message(), parameters);
                default -> {} // of a later version
            }
        }
        StoredSecret stored = StoredSecret.parse(secret);
        if (lookup != null
                && (stored instanceof StoredSecret.Md5 || stored instanceof StoredSecret.Scram)) {
            lookup.cache()
                    .adopt(
                            name,
                            new UserCache.Remembered(
                                    new LookedUpUser(stored, parameters),
                                    TimeUnit.SECONDS.toNanos(age)));
        }
    }

    private static void readParameter(FieldReader in, Map<String, String> into)
            throws FormatException {
        String name = "";
        String value = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> name = in.text();
                case 2 -> value = in.text();
                default -> {} // of a later version
            }
        }
        into.put(name, value);
    }

    // ---- counts ---------------------------------------------------------------------------------

    /** From field 2 on. */
    private static List<LongAdder> inOrder(LookupCounts counts) {
        return List.of(
                counts.hits,
                counts.misses,
                counts.refetches,
                counts.rateLimited,
                counts.logins,
                counts.failedLogins,
                counts.queries,
                counts.errors,
                counts.poolsCreated,
                counts.poolsRemoved);
    }

    static FieldWriter writeCounts(String database, UserLookup lookup) {
        var out = new FieldWriter().put(1, database);
        int field = 2;
        for (LongAdder count : inOrder(lookup.counts())) {
            out.put(field++, count.sum());
        }
        return out;
    }

    static void addCounts(Host host, FieldReader in) throws FormatException {
        UserLookup lookup = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            if (field == 1) {
                lookup = host.lookups().get(in.text());
            } else if (lookup != null && field - 2 < inOrder(lookup.counts()).size()) {
                inOrder(lookup.counts()).get(field - 2).add(in.number());
            }
        }
    }
}
