package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a rule says after its method. Threads: immutable.
 *
 * @param certificate what the client's certificate has to be, whatever the method asks for
 * @param wholeName the certificate says who a client is by its distinguished name (RFC 2253), not
 *     by the common name in it
 * @param map of pg_ident, by which somebody may be a user of another name; empty if names must be
 *     the same
 * @param others by name: what PAM, LDAP or tokens need; some are secrets
 */
public record HbaOptions(
        ClientCertificate certificate, boolean wholeName, String map, Map<String, String> others) {
    static final HbaOptions NONE = new HbaOptions(ClientCertificate.NOT_ASKED, false, "", Map.of());

    /** {@code clientcert}. */
    public enum ClientCertificate {
        NOT_ASKED(""),
        /** One of the authorities has signed it. */
        VERIFY_CA("verify-ca"),
        /** The same, and it is that of the user. */
        VERIFY_FULL("verify-full");

        private final String text;

        ClientCertificate(String text) {
            this.text = text;
        }
    }

    public HbaOptions {
        others = Map.copyOf(others);
    }

    /** As {@code name=value}, sorted, without secrets. */
    public List<String> shown() {
        var all = new TreeMap<>(others);
        all.replaceAll((name, value) -> HbaMethods.isSecret(name) ? "***" : value);
        if (certificate != ClientCertificate.NOT_ASKED) {
            all.put("clientcert", certificate.text);
        }
        if (wholeName) {
            all.put("clientname", "DN");
        }
        if (!map.isEmpty()) {
            all.put("map", map);
        }
        var shown = new ArrayList<String>();
        all.forEach((name, value) -> shown.add(name + "=" + value));
        return shown;
    }

    @Override
    public String toString() {
        return String.join(" ", shown());
    }
}
