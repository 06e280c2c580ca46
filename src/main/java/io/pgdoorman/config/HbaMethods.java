package io.pgdoorman.config;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The methods and options of rules by name: those that are there, and what to say about the others.
 * Threads: no state.
 */
final class HbaMethods {
    private static final Map<String, HbaMethod> METHODS =
            Map.ofEntries(
                    Map.entry("trust", HbaMethod.TRUST),
                    Map.entry("reject", HbaMethod.REJECT),
                    Map.entry("password", HbaMethod.PASSWORD),
                    Map.entry("md5", HbaMethod.MD5),
                    Map.entry("scram-sha-256", HbaMethod.SCRAM_SHA_256),
                    Map.entry("scram_sha_256", HbaMethod.SCRAM_SHA_256),
                    Map.entry("scramsha256", HbaMethod.SCRAM_SHA_256),
                    Map.entry("cert", HbaMethod.CERT),
                    Map.entry("pam", HbaMethod.PAM),
                    Map.entry("ldap", HbaMethod.LDAP),
                    Map.entry("jwt", HbaMethod.JWT));

    private static final String KERBEROS = "the pooler has no Kerberos; use scram-sha-256";
    private static final String SYSTEM_USER =
            "the pooler does not ask the operating system who a client is; use scram-sha-256, or"
                    + " trust on a Unix socket whose permissions decide";
    private static final String PASSWORD_SERVICE =
            "the pooler does not ask such a service; use ldap, pam or scram-sha-256";

    private static final Map<String, String> MISSING =
            Map.ofEntries(
                    Map.entry("peer", SYSTEM_USER),
                    Map.entry("ident", SYSTEM_USER),
                    Map.entry("radius", PASSWORD_SERVICE),
                    Map.entry("bsd", PASSWORD_SERVICE),
                    Map.entry("gss", KERBEROS),
                    Map.entry("sspi", KERBEROS),
                    Map.entry("oauth", "the pooler takes tokens as passwords; use jwt"),
                    Map.entry(
                            "talos",
                            "write scram-sha-256; a login as user talos is by token then"));

    /** What each method takes beside {@code clientcert}, {@code clientname} and {@code map}. */
    private static final Map<HbaMethod, Set<String>> OPTIONS =
            Map.of(
                    HbaMethod.PAM,
                    Set.of("pamservice", "pam_use_hostname"),
                    HbaMethod.LDAP,
                    Set.of(
                            "ldapurl",
                            "ldaptls",
                            "ldapcacert",
                            "ldapscheme",
                            "ldapserver",
                            "ldapport",
                            "ldapbinddn",
                            "ldapbindpasswd",
                            "ldapsearchattribute",
                            "ldapsearchfilter",
                            "ldapbasedn",
                            "ldapprefix",
                            "ldapsuffix"),
                    HbaMethod.JWT,
                    Set.of("jwtkeys", "jwtclaim", "jwtissuer", "jwtaudience", "jwtclockskew"));

    /** Before or after a name may come nothing. */
    private static final Set<String> MAY_BE_EMPTY = Set.of("ldapprefix", "ldapsuffix");

    /** Of PostgreSQL, for methods that are not there. */
    private static final Set<String> OTHER_OPTIONS =
            Set.of(
                    "krb_realm",
                    "include_realm",
                    "compat_realm",
                    "upn_username",
                    "radiusservers",
                    "radiusports",
                    "radiussecrets",
                    "radiusidentifiers",
                    "issuer",
                    "scope",
                    "validator",
                    "delegate_ident_mapping");

    /** Seconds. Clocks that are farther apart want mending. */
    private static final int MAX_CLOCK_SKEW = 300;

    private HbaMethods() {}

    static Optional<HbaMethod> of(String word) {
        return Optional.ofNullable(METHODS.get(word.toLowerCase(Locale.ROOT)));
    }

    /** Why {@link #of} knows no such method. */
    static String complaint(String word) {
        String missing = MISSING.get(word.toLowerCase(Locale.ROOT));
        return missing == null ? "is unknown" : "is not supported: " + missing;
    }

    /** Whether the value of an option is nobody's business. */
    static boolean isSecret(String option) {
        return option.equals("ldapbindpasswd") || option.equals("radiussecrets");
    }

    /** Whether a method has such an option, if only in PostgreSQL. */
    static boolean isOption(String name) {
        return OTHER_OPTIONS.contains(name)
                || OPTIONS.values().stream().anyMatch(options -> options.contains(name));
    }

    /** What is wrong with an option; empty if nothing. Does not repeat a secret. */
    static String complaintOfOption(HbaMethod method, String name, String value) {
        if (OPTIONS.getOrDefault(method, Set.of()).contains(name)) {
            return complaintOfValue(name, value);
        }
        for (Map.Entry<HbaMethod, Set<String>> other : OPTIONS.entrySet()) {
            if (other.getValue().contains(name)) {
                return "is for method " + other.getKey().text();
            }
        }
        return OTHER_OPTIONS.contains(name)
                ? "is for a method that is not supported"
                : "is unknown";
    }

    private static String complaintOfValue(String name, String value) {
        if (value.isEmpty()) {
            return MAY_BE_EMPTY.contains(name) ? "" : "has no value";
        }
        if (name.equals("jwtclockskew")
                && !(value.matches("[0-9]{1,3}") && Integer.parseInt(value) <= MAX_CLOCK_SKEW)) {
            return "must be a number of seconds from 0 to %d, is %s"
                    .formatted(MAX_CLOCK_SKEW, value);
        }
        if (name.equals("jwtkeys") && value.indexOf('\0') >= 0) {
            return "names a file that cannot be";
        }
        return "";
    }

    /** What the method needs and the options do not say, as a sentence; empty if nothing. */
    static String missing(HbaMethod method, Map<String, String> options) {
        return switch (method) {
            case JWT ->
                    options.containsKey("jwtkeys")
                            ? ""
                            : "method jwt needs the option jwtkeys, a file or directory of public"
                                    + " keys";
            case LDAP -> complaintOfLdap(options);
            case PAM -> complaintOfPam(options);
            case TRUST, REJECT, PASSWORD, MD5, SCRAM_SHA_256, CERT, BY_SECRET -> "";
        };
    }

    private static String complaintOfLdap(Map<String, String> options) {
        try {
            LdapOptions.of(options);
            return "";
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String complaintOfPam(Map<String, String> options) {
        String byName = options.getOrDefault("pam_use_hostname", "0");
        return byName.equals("0") || byName.equals("1")
                ? ""
                : "option pam_use_hostname must be 1 or 0, is " + byName;
    }
}
