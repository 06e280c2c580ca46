package io.pgdoorman.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * The host names a certificate is for. Threads: no state.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9525">RFC 9525</a>
 */
final class CertificateNames {
    private static final int DNS = 2;
    private static final String WILDCARD = "*.";

    private CertificateNames() {}

    /** Its DNS names in lower case; the common name if it has none, as of old. */
    static List<String> of(X509Certificate certificate) throws CertificateParsingException {
        List<String> names = new ArrayList<>();
        Collection<List<?>> all = certificate.getSubjectAlternativeNames();
        if (all != null) {
            for (List<?> one : all) {
                if (one.get(0) instanceof Integer kind
                        && kind == DNS
                        && one.get(1) instanceof String name) {
                    names.add(lower(name));
                }
            }
        }
        if (names.isEmpty()) {
            names.addAll(commonNames(certificate.getSubjectX500Principal().getName()));
        }
        return List.copyOf(names);
    }

    /** In lower case, in the certificate's order. */
    static List<String> commonNames(String subject) {
        try {
            return new LdapName(subject)
                    .getRdns().stream()
                            .filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
                            .map(Rdn::getValue)
                            .filter(String.class::isInstance)
                            .map(value -> lower((String) value))
                            .toList();
        } catch (InvalidNameException e) {
            return List.of();
        }
    }

    /**
     * @param name of a certificate, in lower case
     * @param asked by a client, in lower case
     */
    static boolean matches(String name, String asked) {
        if (!name.startsWith(WILDCARD)) {
            return name.equals(asked);
        }
        int label = asked.indexOf('.'); // the star stands for one label, not for several
        return label > 0 && asked.substring(label).equals(name.substring(1));
    }

    static String lower(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
