package io.pgdoorman.config;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * IP addresses as text; a name is never looked up. Threads: any thread, because it has no state.
 */
final class Addresses {
    private static final Pattern V4 =
            Pattern.compile("[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
    private static final Pattern V6 = Pattern.compile("[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*");
    private static final Pattern LEADING_ZERO =
            Pattern.compile(
                    "(?=[^/]*\\.)(?:[0-9A-Fa-f:]*:)?(?:[0-9]+\\.)*0[0-9]+(?:\\.[0-9]+)*(?:/.*)?");
    private static final int MAPPED_PREFIX_BITS = 96;

    private Addresses() {}

    /** What to say of what {@link #isAmbiguous is}. */
    static final String AMBIGUOUS =
            "a number that begins with 0 is octal to PostgreSQL and others; write it without";

    /** Whether a part of an IPv4 address begins with 0 and goes on: octal to inet_aton. */
    static boolean isAmbiguous(String text) {
        return LEADING_ZERO.matcher(text).matches();
    }

    /** An IPv6 address that maps an IPv4 one comes back as that. */
    static Optional<InetAddress> address(String text) {
        if (isAmbiguous(text)) {
            return Optional.empty();
        }
        try {
            if (V4.matcher(text).matches()) {
                return Optional.of(Inet4Address.ofLiteral(text));
            }
            return V6.matcher(text).matches()
                    ? Optional.of(InetAddress.ofLiteral(text))
                    : Optional.empty();
        } catch (IllegalArgumentException notAnAddress) {
            return Optional.empty();
        }
    }

    /** An address and a prefix length. */
    static Optional<Cidr> network(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("[0-9]{1,3}")) {
            return Optional.empty();
        }
        String host = text.substring(0, slash);
        int prefix = Integer.parseInt(text.substring(slash + 1));
        return address(host).flatMap(a -> Cidr.of(a, folded(host, a, prefix)));
    }

    /** The network of exactly this address. */
    static Cidr only(InetAddress address) {
        return Cidr.of(address, address.getAddress().length * Byte.SIZE).orElseThrow();
    }

    /** An address and a mask such as 255.255.255.0; empty if the mask has holes. */
    static Optional<Cidr> masked(String address, String mask) {
        Optional<InetAddress> network = address(address);
        Optional<InetAddress> bits = address(mask);
        if (network.isEmpty() || bits.isEmpty()) {
            return Optional.empty();
        }
        byte[] bytes = bits.get().getAddress();
        if (bytes.length != network.get().getAddress().length) {
            return Optional.empty();
        }
        int prefix = 0;
        boolean ended = false;
        for (byte each : bytes) {
            for (int bit = Byte.SIZE - 1; bit >= 0; bit--) {
                boolean set = (each >> bit & 1) == 1;
                if (set && ended) {
                    return Optional.empty();
                }
                ended = !set;
                prefix += set ? 1 : 0;
            }
        }
        return Cidr.of(network.get(), prefix);
    }

    /** {@code ::ffff:10.0.0.0/104} is {@code 10.0.0.0/8}. */
    private static int folded(String text, InetAddress address, int prefix) {
        boolean mapped = address instanceof Inet4Address && text.indexOf(':') >= 0;
        return mapped ? prefix - MAPPED_PREFIX_BITS : prefix;
    }
}
