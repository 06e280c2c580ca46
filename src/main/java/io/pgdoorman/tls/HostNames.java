package io.pgdoorman.tls;

import io.netty.util.AsciiString;
import io.netty.util.NetUtil;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Which hosts a server's certificate is for, by libpq's rules, which are not the JDK's: a star
 * stands for the whole first label and nothing else, names are compared as they are written, and
 * the common name counts if no alternative name is of the kind of the host, an address or a name.
 *
 * <p>Threads: immutable.
 *
 * @param names of the subject's alternative ones
 * @param addresses of the subject's alternative ones, in bytes
 * @param common name of the subject
 * @see <a href="https://www.postgresql.org/docs/current/libpq-ssl.html">libpq: SSL Support</a>
 */
record HostNames(List<String> names, List<byte[]> addresses, Optional<String> common) {
    private static final int DNS = 2;
    private static final int ADDRESS = 7;
    private static final String WILDCARD = "*.";

    static HostNames of(X509Certificate certificate) throws CertificateParsingException {
        List<String> names = new ArrayList<>();
        List<byte[]> addresses = new ArrayList<>();
        Collection<List<?>> all = certificate.getSubjectAlternativeNames();
        for (List<?> one : all == null ? List.<List<?>>of() : all) {
            if (one.get(0) instanceof Integer kind && one.get(1) instanceof String text) {
                if (kind == DNS) {
                    names.add(text);
                } else if (kind == ADDRESS) {
                    addresses.add(NetUtil.createByteArrayFromIpAddressString(text));
                }
            }
        }
        return new HostNames(
                names,
                addresses,
                CertificateNames.commonNames(certificate.getSubjectX500Principal().getName())
                        .stream()
                        .findFirst());
    }

    boolean matches(String host) {
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        if (names.stream().anyMatch(name -> matches(name, host))) {
            return true;
        }
        if (address != null && addresses.stream().anyMatch(one -> Arrays.equals(one, address))) {
            return true;
        }
        boolean ofItsKind = address == null ? !names.isEmpty() : !addresses.isEmpty();
        return !ofItsKind && common.isPresent() && matches(common.get(), host);
    }

    private static boolean matches(String name, String host) {
        if (name.indexOf('\0') >= 0) {
            return false;
        }
        if (AsciiString.contentEqualsIgnoreCase(name, host)) {
            return true;
        }
        int label = host.indexOf('.');
        return name.startsWith(WILDCARD)
                && label > 0
                && AsciiString.contentEqualsIgnoreCase(name.substring(1), host.substring(label));
    }

    /** For messages: those that count, the common name if there are no others. */
    @Override
    public String toString() {
        List<String> all = new ArrayList<>(names);
        addresses.forEach(one -> all.add(NetUtil.bytesToIpAddress(one)));
        if (all.isEmpty()) {
            common.ifPresent(all::add);
        }
        return all.isEmpty() ? "no host" : String.join(", ", all);
    }
}
