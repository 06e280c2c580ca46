package io.pgdoorman.config;

import java.util.List;
import java.util.Set;

/**
 * The database or user field of a rule. Threads: immutable.
 *
 * @param all everybody
 * @param sameUser the database named like the user
 * @param sameRole the databases named like roles that the user is a member of
 * @param roles members of these
 */
record HbaNames(
        boolean all,
        boolean sameUser,
        boolean sameRole,
        Set<String> roles,
        Set<String> names,
        List<HbaPattern> patterns) {
    static final HbaNames ALL = new HbaNames(true, false, false, Set.of(), Set.of(), List.of());

    HbaNames {
        roles = Set.copyOf(roles);
        names = Set.copyOf(names);
        patterns = List.copyOf(patterns);
    }

    /**
     * Whether it is about a name.
     *
     * @param memberOf roles that the user is a member of, directly or not
     */
    boolean contain(String name, String user, Set<String> memberOf) {
        return all
                || (sameUser && name.equals(user))
                || names.contains(name)
                || (sameRole && memberOf.contains(name))
                || isAnyOf(memberOf)
                || matchesPattern(name);
    }

    /** Whether it depends on the user's roles. */
    boolean needRoles() {
        return !all && (sameRole || !roles.isEmpty());
    }

    /** Whether it can contain a database, whoever the user is. */
    boolean mayBeAbout(String database) {
        return sameUser || sameRole || contain(database, "", Set.of());
    }

    private boolean isAnyOf(Set<String> memberOf) {
        for (String role : roles) {
            if (memberOf.contains(role)) {
                return true;
            }
        }
        return false;
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
