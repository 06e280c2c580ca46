package io.pgdoorman.config;

import java.util.List;

/**
 * A rule with what it matches. Threads: immutable.
 *
 * @param networks null-free; consulted only if {@code anyAddress} is false
 */
record HbaEntry(
        HbaRule rule,
        Type type,
        List<Name> databases,
        List<Name> users,
        boolean anyAddress,
        List<Cidr> networks) {

    enum Type {
        LOCAL,
        HOST,
        HOSTSSL,
        HOSTNOSSL,
        /** Needs GSSAPI encryption, which the pooler does not do. */
        HOSTGSSENC
    }

    /** One element of a database or user list. */
    sealed interface Name {
        record Any() implements Name {}

        /** The database named like the user. */
        record SameUser() implements Name {}

        record Exactly(String name) implements Name {}

        /** Stands for replication connections, which the pooler does not take. */
        record Replication() implements Name {}
    }

    HbaEntry {
        databases = List.copyOf(databases);
        users = List.copyOf(users);
        networks = List.copyOf(networks);
    }

    boolean matches(HbaRequest request) {
        return matchesType(request)
                && matchesAddress(request)
                && matchesAny(databases, request.database(), request.user())
                && matchesAny(users, request.user(), request.user());
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

    private boolean matchesAddress(HbaRequest request) {
        var peer = request.peer();
        return anyAddress
                || (peer != null && networks.stream().anyMatch(network -> network.contains(peer)));
    }

    private static boolean matchesAny(List<Name> names, String actual, String user) {
        for (Name name : names) {
            boolean matches =
                    switch (name) {
                        case Name.Any _ -> true;
                        case Name.SameUser _ -> actual.equals(user);
                        case Name.Exactly(String exactly) -> exactly.equals(actual);
                        case Name.Replication _ -> false;
                    };
            if (matches) {
                return true;
            }
        }
        return false;
    }
}
