package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

/** A rule with what it matches. Threads: immutable. */
record HbaEntry(HbaRule rule, Type type, HbaNames databases, HbaNames users, HbaAddress address) {

    enum Type {
        LOCAL,
        HOST,
        HOSTSSL,
        HOSTNOSSL,
        /** Needs GSSAPI encryption, which the pooler does not do. */
        HOSTGSSENC
    }

    /**
     * Whether the rule is about this connection.
     *
     * @param hostName of the client's address; empty if it has none
     */
    boolean matches(HbaRequest request, String hostName) {
        return matchesType(request)
                && containsDatabase(request)
                && containsUser(request)
                && matchesAddress(request, hostName);
    }

    /**
     * Whether the rule is about this connection, or may be, as far as is known.
     *
     * @param hostName as in {@link #matches}; null if it is not known yet
     * @param rolesKnown the request has the user's roles
     */
    boolean mayMatch(HbaRequest request, @Nullable String hostName, boolean rolesKnown) {
        return matchesType(request)
                && ((hostName == null && isByHostName())
                        || matchesAddress(request, hostName == null ? "" : hostName))
                && ((!rolesKnown && databases.needRoles()) || containsDatabase(request))
                && ((!rolesKnown && users.needRoles()) || containsUser(request));
    }

    boolean isByHostName() {
        return address instanceof HbaAddress.Host;
    }

    boolean needsRoles() {
        return databases.needRoles() || users.needRoles();
    }

    private boolean containsDatabase(HbaRequest request) {
        return databases.contain(request.database(), request.user(), request.roles());
    }

    private boolean containsUser(HbaRequest request) {
        return users.contain(request.user(), request.user(), request.roles());
    }

    private boolean matchesType(HbaRequest request) {
        return switch (type) {
            case LOCAL -> request.local();
            case HOST -> !request.local();
            case HOSTSSL -> !request.local() && request.tls();
            case HOSTNOSSL -> !request.local() && !request.tls();
            case HOSTGSSENC -> false;
        };
    }

    private boolean matchesAddress(HbaRequest request, String hostName) {
        var peer = request.peer();
        return switch (address) {
            case HbaAddress.Any() -> true;
            case HbaAddress.Networks networks -> peer != null && networks.contain(peer);
            case HbaAddress.Host host -> !hostName.isEmpty() && host.matches(hostName);
        };
    }
}
