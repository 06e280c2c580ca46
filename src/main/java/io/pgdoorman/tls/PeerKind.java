package io.pgdoorman.tls;

import java.util.List;
import java.util.Set;

/**
 * Whose certificates are checked, and where an operator has to look. Threads: immutable.
 *
 * @param plural for messages
 * @param authorities the setting that names whom to trust
 * @param revocations the setting that names the revocation lists
 * @param own where the peer has its certificate from
 * @param extended usages by extension, of which a certificate has one if it has the extension
 * @param usages the same of the other extension, by the place of their bit
 */
record PeerKind(
        String plural,
        String authorities,
        String revocations,
        String own,
        Set<String> extended,
        List<Integer> usages) {
    private static final String ANY_USAGE = "2.5.29.37.0";
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_ENCIPHERMENT = 2;
    private static final int KEY_AGREEMENT = 4;

    static final PeerKind CLIENT =
            new PeerKind(
                    "clients",
                    "tls_ca_cert",
                    "tls_crl",
                    "sslcert of the client",
                    Set.of("1.3.6.1.5.5.7.3.2"),
                    List.of(DIGITAL_SIGNATURE, KEY_AGREEMENT));

    static final PeerKind SERVER =
            ofServer("server_tls_ca_cert", "server_tls_crl", "ssl_cert_file of PostgreSQL");

    static final PeerKind DIRECTORY =
            ofServer("ldapcacert", "", "the certificate of the LDAP server");

    /** Usages of Netscape and Microsoft, of old, are among those that OpenSSL takes. */
    private static PeerKind ofServer(String authorities, String revocations, String own) {
        return new PeerKind(
                "servers",
                authorities,
                revocations,
                own,
                Set.of("1.3.6.1.5.5.7.3.1", "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"),
                List.of(DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_AGREEMENT));
    }

    /** Whether it lets a certificate be shown by such a peer, or sign for one. */
    boolean allows(List<String> extendedUsage) {
        return extendedUsage.contains(ANY_USAGE)
                || extendedUsage.stream().anyMatch(extended::contains);
    }

    /** Whether it lets a certificate be shown by such a peer. */
    boolean allows(boolean[] usage) {
        return usages.stream().anyMatch(bit -> bit < usage.length && usage[bit]);
    }
}
