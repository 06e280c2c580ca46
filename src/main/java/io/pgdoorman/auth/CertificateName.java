package io.pgdoorman.auth;

import java.util.Optional;

import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** Who a certificate's subject is. Threads: pure functions. */
final class CertificateName {
    private CertificateName() {}

    /**
     * The common name; of several the first in the certificate. Empty if there is none, or one with
     * a NUL in it.
     *
     * @param subject in the form of RFC 2253
     */
    static Optional<String> common(String subject) {
        try {
            for (Rdn part : new LdapName(subject).getRdns()) { // the last written is the first
                NamingEnumeration<? extends Attribute> attributes = part.toAttributes().getAll();
                while (attributes.hasMore()) {
                    Attribute attribute = attributes.next();
                    if (attribute.getID().equalsIgnoreCase("CN")
                            && attribute.get() instanceof String name) {
                        return Optional.of(name).filter(text -> text.indexOf('\0') < 0);
                    }
                }
            }
        } catch (NamingException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }
}
