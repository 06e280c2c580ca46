package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.pool.Pool;

import java.util.ArrayList;
import java.util.List;

/**
 * What a process lacks while two share the limits: 1 connections it has, 2 pool*. Pools in which
 * clients wait and no server may be opened: 1 database, 2 user, 3 clients that wait. Threads:
 * immutable.
 */
record Wants(int connections, List<Starved> pools) {
    record Starved(String database, String user, int clients) {}

    static Wants of(Host host) {
        List<Starved> pools = new ArrayList<>();
        for (Pool pool : host.pools()) {
            if (pool.isStarved()) {
                pools.add(new Starved(pool.database(), pool.user(), pool.waitingHint()));
            }
        }
        return new Wants(host.sessions().connections(), pools);
    }

    FieldWriter write() {
        var out = new FieldWriter().put(1, connections);
        for (Starved pool : pools) {
            out.put(
                    2,
                    new FieldWriter()
                            .put(1, pool.database())
                            .put(2, pool.user())
                            .put(3, pool.clients()));
        }
        return out;
    }

    static Wants read(Message message) throws HandoverException {
        int connections = 0;
        List<Starved> pools = new ArrayList<>();
        try {
            FieldReader in = message.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> connections = in.integer();
                    case 2 -> pools.add(starved(in.message()));
                    default -> {} // of a later version
                }
            }
        } catch (FormatException e) {
            throw new HandoverException("wants of the other process: " + e.getMessage(), e);
        }
        return new Wants(connections, pools);
    }

    private static Starved starved(FieldReader in) throws FormatException {
        String database = "";
        String user = "";
        int clients = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> database = in.text();
                case 2 -> user = in.text();
                case 3 -> clients = in.integer();
                default -> {} // of a later version
            }
        }
        return new Starved(database, user, Math.max(1, clients));
    }
}
