package io.pgdoorman.config;

import com.unboundid.ldap.sdk.DN;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.LDAPURL;
import com.unboundid.ldap.sdk.SearchScope;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which directory a rule with the method ldap asks, and how. Threads: immutable.
 *
 * @param servers to try in this order, one or more
 * @param authorities file of certificates that servers' are verified with; if empty, those that the
 *     Java runtime trusts
 * @see <a href="https://www.postgresql.org/docs/current/auth-ldap.html">LDAP Authentication</a>
 */
public record LdapOptions(
        List<Server> servers, Encryption encryption, Optional<Path> authorities, Mode mode) {

    /** A name or an address, without brackets. */
    public record Server(String host, int port) {
        @Override
        public String toString() {
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        }
    }

    /** Of the connection to a server. */
    public enum Encryption {
        NONE,
        /** StartTLS, before anything else. */
        START_TLS,
        /** From the first byte. */
        LDAPS
    }

    /** How the password is checked. */
    public sealed interface Mode {
        /**
         * Simple bind, by a name made of the user's.
         *
         * @param isDn the name is a distinguished name, so the user's has to be escaped in it
         */
        record Bind(String prefix, String suffix, boolean isDn) implements Mode {}

        /**
         * The user's entry is searched for, then bound as.
         *
         * @param bindDn who searches; empty for nobody
         * @param filter with {@link #USER} in it
         */
        record Search(
                String bindDn, Secret bindPassword, String baseDn, SearchScope scope, String filter)
                implements Mode {}
    }

    /** What stands for the user's name in a filter. */
    public static final String USER = "$username";

    private static final Pattern ATTRIBUTE =
            Pattern.compile("[A-Za-z][A-Za-z0-9-]*|[0-9]+(\\.[0-9]+)*");
    private static final int MAX_PORT = 65_535;

    public LdapOptions {
        servers = List.copyOf(servers);
    }

    /**
     * Reads the options of a rule by their names.
     *
     * @throws IllegalArgumentException they do not fit together; the message names one and holds no
     *     secret
     */
    public static LdapOptions of(Map<String, String> options) {
        String text = options.get("ldapurl");
        @Nullable LDAPURL url = text == null ? null : url(text);
        if (url != null) {
            refuseBesideUrl(options, url);
        }
        Encryption encryption = encryption(options, url);
        return new LdapOptions(
                servers(options, url, encryption),
                encryption,
                Optional.ofNullable(options.get("ldapcacert")).map(Path::of),
                mode(options, url));
    }

    // ---- ldapurl --------------------------------------------------------------------------------

    private static LDAPURL url(String text) {
        LDAPURL url;
        try {
            url = new LDAPURL(text);
        } catch (LDAPException e) {
            throw wrong("option ldapurl is not an LDAP URL (RFC 4516): " + e.getMessage());
        }
        if (!url.getScheme().equals("ldap") && !url.getScheme().equals("ldaps")) {
            throw wrong("option ldapurl must begin with ldap:// or ldaps://");
        }
        if (url.getHost() == null) {
            throw wrong("option ldapurl names no server");
        }
        return url;
    }

    /** What an URL says is not said again: PostgreSQL would go by whichever comes last. */
    private static void refuseBesideUrl(Map<String, String> options, LDAPURL url) {
        refuse(options, "ldapserver", true);
        refuse(options, "ldapport", true);
        refuse(options, "ldapscheme", true);
        refuse(options, "ldapbasedn", url.baseDNProvided());
        refuse(options, "ldapsearchattribute", url.attributesProvided());
        refuse(options, "ldapsearchfilter", url.filterProvided());
    }

    private static void refuse(Map<String, String> options, String name, boolean said) {
        if (said && options.containsKey(name)) {
            throw wrong("option %s cannot stand beside ldapurl, which says it".formatted(name));
        }
    }

    // ---- servers --------------------------------------------------------------------------------

    private static Encryption encryption(Map<String, String> options, @Nullable LDAPURL url) {
        String scheme = url == null ? options.getOrDefault("ldapscheme", "ldap") : url.getScheme();
        if (!scheme.equals("ldap") && !scheme.equals("ldaps")) {
            throw wrong("option ldapscheme must be ldap or ldaps, is " + scheme);
        }
        String tls = options.getOrDefault("ldaptls", "0");
        if (!tls.equals("0") && !tls.equals("1")) {
            throw wrong("option ldaptls must be 1 or 0, is " + tls);
        }
        if (scheme.equals("ldaps")) {
            if (tls.equals("1")) {
                throw wrong("option ldaptls=1 is StartTLS, which ldaps does not take");
            }
            return Encryption.LDAPS;
        }
        if (tls.equals("0") && options.containsKey("ldapcacert")) {
            throw wrong("option ldapcacert needs ldaptls=1 or ldaps");
        }
        return tls.equals("1") ? Encryption.START_TLS : Encryption.NONE;
    }

    private static List<Server> servers(
            Map<String, String> options, @Nullable LDAPURL url, Encryption encryption) {
        if (url != null && url.getHost() != null) {
            return List.of(new Server(host("ldapurl", url.getHost()), url.getPort()));
        }
        int port = port(options, encryption);
        var servers = new ArrayList<Server>();
        for (String host : options.getOrDefault("ldapserver", "").strip().split("\\s+")) {
            if (!host.isEmpty()) {
                servers.add(new Server(host("ldapserver", host), port));
            }
        }
        if (servers.isEmpty()) {
            throw wrong("method ldap needs the option ldapserver or ldapurl");
        }
        return servers;
    }

    private static String host(String option, String text) {
        boolean bracketed = text.startsWith("[") && text.endsWith("]");
        String host = bracketed ? text.substring(1, text.length() - 1) : text;
        if ((bracketed || host.indexOf(':') >= 0) && Addresses.address(host).isEmpty()) {
            throw wrong(
                    "option %s: %s is no host name and no address; a port is for ldapport"
                            .formatted(option, text));
        }
        if (host.indexOf('/') >= 0) {
            throw wrong(
                    "option %s: %s is no host name; URLs are for ldapurl".formatted(option, text));
        }
        return host;
    }

    private static int port(Map<String, String> options, Encryption encryption) {
        String text = options.get("ldapport");
        if (text == null) {
            return encryption == Encryption.LDAPS
                    ? LDAPURL.DEFAULT_LDAPS_PORT
                    : LDAPURL.DEFAULT_LDAP_PORT;
        }
        try {
            int port = Integer.parseInt(text);
            if (port >= 1 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong("option ldapport must be a port number, is " + text);
    }

    // ---- how ------------------------------------------------------------------------------------

    private static Mode mode(Map<String, String> options, @Nullable LDAPURL url) {
        String prefix = options.get("ldapprefix");
        String suffix = options.get("ldapsuffix");
        if (prefix == null && suffix == null) {
            return search(options, url);
        }
        for (String name :
                List.of(
                        "ldapbasedn",
                        "ldapbinddn",
                        "ldapbindpasswd",
                        "ldapsearchattribute",
                        "ldapsearchfilter")) {
            if (options.containsKey(name)) {
                throw wrong(
                        "option %s is for search and bind, ldapprefix and ldapsuffix are not"
                                .formatted(name));
            }
        }
        if (url != null
                && (url.baseDNProvided() || url.attributesProvided() || url.filterProvided())) {
            throw wrong(
                    "option ldapurl says what to search for, ldapprefix and ldapsuffix do without a"
                            + " search");
        }
        String before = prefix == null ? "" : prefix;
        String after = suffix == null ? "" : suffix;
        String example = before + "user" + after;
        return new Mode.Bind(before, after, example.indexOf('=') >= 0 && DN.isValidDN(example));
    }

    private static Mode search(Map<String, String> options, @Nullable LDAPURL url) {
        String baseDn =
                url != null && url.baseDNProvided()
                        ? url.getBaseDN().toString()
                        : options.get("ldapbasedn");
        if (baseDn == null) {
            throw wrong("method ldap needs the option ldapbasedn, ldapprefix or ldapsuffix");
        }
        if (!DN.isValidDN(baseDn)) {
            throw wrong("option ldapbasedn is no distinguished name: " + baseDn);
        }
        String bindDn = options.getOrDefault("ldapbinddn", "");
        String password = options.getOrDefault("ldapbindpasswd", "");
        if (bindDn.isEmpty() != password.isEmpty()) {
            throw wrong(
                    bindDn.isEmpty()
                            ? "option ldapbindpasswd needs ldapbinddn"
                            : "option ldapbinddn needs ldapbindpasswd: without a password nobody is bound");
        }
        return new Mode.Search(
                bindDn,
                Secret.of(password),
                baseDn,
                url == null ? SearchScope.SUB : url.getScope(),
                filter(options, url));
    }

    private static String filter(Map<String, String> options, @Nullable LDAPURL url) {
        String attribute = options.get("ldapsearchattribute");
        String filter = options.get("ldapsearchfilter");
        if (url != null && url.attributesProvided()) {
            attribute = url.getAttributes()[0];
        }
        if (url != null && url.filterProvided()) {
            filter = url.getFilter().toString();
        }
        if (attribute != null && filter != null) {
            throw wrong("option ldapsearchattribute and ldapsearchfilter cannot be set both");
        }
        if (filter == null) {
            String name = attribute == null ? "uid" : attribute;
            if (!ATTRIBUTE.matcher(name).matches()) {
                throw wrong("option ldapsearchattribute is no name of an attribute: " + name);
            }
            return "(%s=%s)".formatted(name, USER);
        }
        if (!filter.contains(USER)) {
            throw wrong("option ldapsearchfilter must say where the user's name goes: " + USER);
        }
        try {
            Filter.create(filter.replace(USER, "user"));
        } catch (LDAPException e) {
            throw wrong("option ldapsearchfilter is no filter (RFC 4515): " + e.getMessage());
        }
        return filter;
    }

    private static IllegalArgumentException wrong(String message) {
        return new IllegalArgumentException(message);
    }
}
