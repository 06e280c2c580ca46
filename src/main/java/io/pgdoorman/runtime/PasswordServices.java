package io.pgdoorman.runtime;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.authority.LdapAuthority;
import io.pgdoorman.authority.PamAuthority;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.LdapOptions;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.net.HostNames;

import java.net.InetAddress;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whom rules and users have passwords checked by; one for all that say the same, which stays when
 * the configuration is read again.
 *
 * <p>Threads: any asks; the control thread alone changes what there is to be.
 */
final class PasswordServices {
    private record Key(HbaMethod method, Map<String, String> options) {
        static Key of(HbaRule rule) {
            return new Key(rule.method(), rule.options().others());
        }
    }

    private static final String SERVICE = "pamservice";

    private final HostNames hostNames = new HostNames();
    private final Map<Key, Authority> made = new ConcurrentHashMap<>();

    /**
     * Looks whether what a configuration asks for can be had.
     *
     * @throws StartException it cannot; the message says where it is asked for, and why
     */
    static void check(Config config) {
        for (HbaRule rule : config.general().hba().rules()) {
            Optional<String> problem =
                    switch (rule.method()) {
                        case PAM -> PamAuthority.problem();
                        case LDAP -> LdapAuthority.problem(LdapOptions.of(rule.options().others()));
                        case JWT, TRUST, REJECT, PASSWORD, MD5, SCRAM_SHA_256, CERT, BY_SECRET ->
                                Optional.empty();
                    };
            problem.ifPresent(text -> refuse(rule.place(), text));
        }
        for (PoolConfig pool : config.pools().values()) {
            for (UserConfig user : pool.users()) {
                if (user.authPamService().isPresent()) {
                    PamAuthority.problem()
                            .ifPresent(
                                    text ->
                                            refuse(
                                                    "auth_pam_service of %s in pool %s"
                                                            .formatted(
                                                                    user.username(), pool.name()),
                                                    text));
                }
            }
        }
    }

    private static void refuse(String place, String problem) {
        throw new StartException(StartException.CONFIG, "%s: %s".formatted(place, problem));
    }

    /** Makes what the configuration asks for, so that no login waits for it, and lets others go. */
    void use(Config config) {
        Set<Key> wanted = new HashSet<>();
        for (HbaRule rule : config.general().hba().rules()) {
            if (of(rule).isPresent()) {
                wanted.add(Key.of(rule));
            }
        }
        config.pools().values().stream()
                .flatMap(pool -> pool.users().stream())
                .flatMap(user -> user.authPamService().stream())
                .forEach(service -> wanted.add(pamKey(service)));
        for (Key key : Set.copyOf(made.keySet())) {
            if (!wanted.contains(key) && made.remove(key) instanceof LdapAuthority directory) {
                directory.close();
            }
        }
    }

    /** Whom the rule's method asks; empty if it does without. */
    Optional<Authority> of(HbaRule rule) {
        return switch (rule.method()) {
            case PAM, LDAP -> Optional.of(made.computeIfAbsent(Key.of(rule), this::make));
            case JWT, TRUST, REJECT, PASSWORD, MD5, SCRAM_SHA_256, CERT, BY_SECRET ->
                    Optional.empty();
        };
    }

    /** The PAM service that a user names. */
    Authority pam(String service) {
        return made.computeIfAbsent(pamKey(service), this::make);
    }

    private static Key pamKey(String service) {
        return new Key(HbaMethod.PAM, Map.of(SERVICE, service));
    }

    private Authority make(Key key) {
        Map<String, String> options = key.options();
        return switch (key.method()) {
            case PAM ->
                    new PamAuthority(
                            options.getOrDefault(SERVICE, PamAuthority.DEFAULT_SERVICE),
                            options.getOrDefault("pam_use_hostname", "0").equals("1")
                                    ? this::hostName
                                    : CompletableFuture::completedFuture);
            case LDAP -> new LdapAuthority(LdapOptions.of(options));
            case JWT, TRUST, REJECT, PASSWORD, MD5, SCRAM_SHA_256, CERT, BY_SECRET ->
                    throw new IllegalArgumentException(key.method() + " asks nobody");
        };
    }

    /** See {@link io.pgdoorman.session.ClientDirectory#hostName}. */
    CompletableFuture<String> hostName(InetAddress address) {
        return hostNames.of(address);
    }

    /** The name of an address; the address if it has none. */
    private CompletableFuture<String> hostName(String address) {
        if (address.isEmpty()) {
            return CompletableFuture.completedFuture(address);
        }
        return hostNames
                .of(InetAddress.ofLiteral(address))
                .thenApply(name -> name.isEmpty() ? address : name);
    }
}
