package io.pgdoorman.migrate;

import java.util.List;

/**
 * A configuration to be written. Threads: immutable.
 *
 * @param header comments at the top
 */
record Draft(List<String> header, List<Line> general, List<Pool> pools) {
    Draft {
        header = List.copyOf(header);
        general = List.copyOf(general);
        pools = List.copyOf(pools);
    }

    /**
     * One {@code [pools.<name>]}.
     *
     * @param authQuery empty: there is no such table
     */
    record Pool(String name, List<Line> lines, List<List<Line>> users, List<Line> authQuery) {
        Pool {
            lines = List.copyOf(lines);
            users = List.copyOf(users);
            authQuery = List.copyOf(authQuery);
        }
    }
}
