package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The HTTP endpoint for metrics and the user interface. Threads: immutable.
 *
 * @param host an IP address
 * @param metricsAuth metrics are for the administrator alone
 * @param logTapMaxEntries lines kept for the log view; 0 switches it off
 * @param ssoAllowedUsers {@code *} or an empty list admits everyone
 * @param trustedProxies whose forwarding headers are believed
 */
public record WebConfig(
        boolean enabled,
        String host,
        int port,
        boolean metricsAuth,
        boolean ui,
        boolean uiAnonymous,
        int logTapMaxEntries,
        Sso sso,
        List<Cidr> trustedProxies) {
    public WebConfig {
        trustedProxies = List.copyOf(trustedProxies);
    }

    /** Login by tokens of an identity provider. */
    public record Sso(
            boolean enabled,
            Optional<String> proxyUrl,
            Optional<Path> publicKeyFile,
            List<String> audience,
            List<String> allowedUsers,
            String groupsClaim,
            List<String> adminGroups,
            boolean requireHttps) {
        public Sso {
            audience = List.copyOf(audience);
            allowedUsers = List.copyOf(allowedUsers);
            adminGroups = List.copyOf(adminGroups);
        }
    }
}
