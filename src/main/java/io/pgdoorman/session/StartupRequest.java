package io.pgdoorman.session;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.NegotiateProtocolVersion;
import io.pgdoorman.wire.frontend.StartupMessage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A StartupMessage taken apart.
 *
 * <p>Threads: immutable.
 *
 * @param version the protocol both ends use from now on
 * @param negotiation what the client is told if it asked for more than there is
 * @param database the user's name if the client named none
 * @param applicationName in the form PostgreSQL would report it; empty if the client named none
 * @param notices what PostgreSQL would say about the values
 * @param parameters all others, options included: the client's login profile
 */
record StartupRequest(
        ProtocolVersion version,
        Optional<BackendMessage> negotiation,
        String user,
        String database,
        boolean replication,
        String applicationName,
        List<BackendMessage> notices,
        ParameterSet parameters) {

    static StartupRequest of(StartupMessage message) {
        ProtocolVersion newest = ProtocolVersion.V3_2;
        ProtocolVersion used = message.version().isAtLeast(newest) ? newest : message.version();
        List<String> unknownOptions = new ArrayList<>();
        Map<String, String> rest = new LinkedHashMap<>();
        message.parameters()
                .forEach(
                        (name, value) -> {
                            if (name.startsWith(StartupMessage.PROTOCOL_OPTION_PREFIX)) {
                                unknownOptions.add(name);
                            } else {
                                rest.put(name, value);
                            }
                        });
        Optional<BackendMessage> negotiation =
                used.equals(message.version()) && unknownOptions.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new NegotiateProtocolVersion(used, unknownOptions));
        String user = rest.getOrDefault("user", "");
        String database = rest.getOrDefault("database", "");
        String replication = rest.getOrDefault("replication", "");
        ApplicationName applicationName =
                ApplicationName.of(rest.getOrDefault("application_name", ""));
        rest.keySet().removeAll(List.of("user", "database", "replication", "application_name"));
        return new StartupRequest(
                used,
                negotiation,
                user,
                database.isEmpty() ? user : database,
                isReplication(replication),
                applicationName.reported(),
                applicationName.notices(),
                ParameterSet.of(rest));
    }

    /**
     * The same of a client that is known to come from this application.
     *
     * @param application empty if it is not known
     */
    StartupRequest from(String application) {
        return application.isEmpty()
                ? this
                : new StartupRequest(
                        version,
                        negotiation,
                        user,
                        database,
                        replication,
                        ApplicationName.of(application).reported(),
                        notices,
                        parameters);
    }

    /** As PostgreSQL reads a boolean, and {@code database} for logical replication. */
    private static boolean isReplication(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "", "false", "off", "no", "n", "f", "0" -> false;
            default -> true;
        };
    }
}
