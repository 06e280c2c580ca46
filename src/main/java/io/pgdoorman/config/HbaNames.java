package io.pgdoorman.config;

import java.util.List;
import java.util.Set;

/**
 * The database or user field of a rule. Threads: immutable.
 *
 * @param all everybody
 * @param sameUser the database named like the user
 */
record HbaNames(boolean all, boolean sameUser, Set<String> names, List<HbaPattern> patterns) {
    static final HbaNames ALL = new HbaNames(true, false, Set.of(), List.of());

    HbaNames {
        names = Set.copyOf(names);
        patterns = List.copyOf(patterns);
    }

    boolean contain(String name, String user) {
        return all
                || (sameUser && name.equals(user))
                || names.contains(name)
                || matchesPattern(name);
    }

    private boolean matchesPattern(String name) {
        for (HbaPattern pattern : patterns) {
            if (pattern.matches(name)) {
                return true;
            }
        }
        return false;
    }
}
