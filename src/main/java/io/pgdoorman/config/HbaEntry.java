package io.pgdoorman.config;

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
        return matchesAllButAddress(request) && matchesAddress(request, hostName);
    }

    /** Whether the host name alone decides. */
    boolean dependsOnHostName(HbaRequest request) {
        return address instanceof HbaAddress.Host && matchesAllButAddress(request);
    }

    /** Whether the user's roles may decide; of the address only the host name is left open. */
    boolean dependsOnRoles(HbaRequest request) {
        return needsRoles()
                && matchesType(request)
                && (address instanceof HbaAddress.Host || matchesAddress(request, ""))
                && (databases.needRoles() || containsDatabase(request))
                && (users.needRoles() || containsUser(request));
    }

    boolean needsRoles() {
        return databases.needRoles() || users.needRoles();
    }

    private boolean matchesAllButAddress(HbaRequest request) {
        return matchesType(request) && containsDatabase(request) && containsUser(request);
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
