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
            Map.of(
                    "trust", HbaMethod.TRUST,
                    "reject", HbaMethod.REJECT,
                    "password", HbaMethod.PASSWORD,
                    "md5", HbaMethod.MD5,
                    "scram-sha-256", HbaMethod.SCRAM_SHA_256,
                    "scram_sha_256", HbaMethod.SCRAM_SHA_256,
                    "scramsha256", HbaMethod.SCRAM_SHA_256);

    private static final String TOKENS = "the pooler does not check tokens; use scram-sha-256";
    private static final String KERBEROS = "the pooler has no Kerberos; use scram-sha-256";
    private static final String SYSTEM_USER =
            "the pooler does not ask the operating system who a client is; use scram-sha-256, or"
                    + " trust on a Unix socket whose permissions decide";
    private static final String PASSWORD_SERVICE =
            "the pooler asks no other service about passwords; use scram-sha-256";

    private static final Map<String, String> MISSING =
            Map.ofEntries(
                    Map.entry(
                            "cert",
                            "the pooler does not check client certificates; use scram-sha-256 in a"
                                    + " hostssl line"),
                    Map.entry("peer", SYSTEM_USER),
                    Map.entry("ident", SYSTEM_USER),
                    Map.entry("pam", PASSWORD_SERVICE),
                    Map.entry("ldap", PASSWORD_SERVICE),
                    Map.entry("radius", PASSWORD_SERVICE),
                    Map.entry("bsd", PASSWORD_SERVICE),
                    Map.entry("gss", KERBEROS),
                    Map.entry("sspi", KERBEROS),
                    Map.entry("oauth", TOKENS),
                    Map.entry("jwt", TOKENS),
                    Map.entry("talos", TOKENS));

    /** Of PostgreSQL, all for methods that are not there. */
    private static final Set<String> OTHER_OPTIONS =
            Set.of(
                    "pamservice",
                    "pam_use_hostname",
                    "ldapurl",
                    "ldaptls",
                    "ldapscheme",
                    "ldapserver",
                    "ldapport",
                    "ldapbinddn",
                    "ldapbindpasswd",
                    "ldapsearchattribute",
                    "ldapsearchfilter",
                    "ldapbasedn",
                    "ldapprefix",
                    "ldapsuffix",
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

    private HbaMethods() {}

    static Optional<HbaMethod> of(String word) {
        return Optional.ofNullable(METHODS.get(word.toLowerCase(Locale.ROOT)));
    }

    /** Why {@link #of} knows no such method. */
    static String complaint(String word) {
        String missing = MISSING.get(word.toLowerCase(Locale.ROOT));
        return missing == null ? "is unknown" : "is not supported: " + missing;
    }

    /** What is wrong with an option that follows one of these methods. */
    static String complaintOfOption(String option) {
        int equals = option.indexOf('=');
        if (equals < 0) {
            return "is not of the form name=value";
        }
        return switch (option.substring(0, equals)) {
            case "clientcert" ->
                    "is not supported: the pooler does not check client certificates per line";
            case "map" -> "is for methods that know clients by another name, and none is supported";
            case "clientname" -> "is for the method cert, which is not supported";
            case String name when OTHER_OPTIONS.contains(name) ->
                    "is for a method that is not supported";
            default -> "is unknown";
        };
    }
}
