package io.pgdoorman.config;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The address field of a rule. Threads: immutable. */
sealed interface HbaAddress {
    HbaAddress ANY = new Any();

    record Any() implements HbaAddress {}

    record Networks(List<Cidr> networks) implements HbaAddress {
        public Networks {
            networks = List.copyOf(networks);
        }

        boolean contain(InetAddress address) {
            for (Cidr network : networks) {
                if (network.contains(address)) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * A host name, or the end of one from its dot on.
     *
     * @param name in lower case
     */
    record Host(String name) implements HbaAddress {
        private static final Pattern NAME =
                Pattern.compile("\\.?[\\p{L}\\p{N}_-]+(?:\\.[\\p{L}\\p{N}_-]+)*\\.?");
        private static final Pattern NUMBERS = Pattern.compile("[0-9.]+|0[xX].*");

        /** Whether this is the name, or its end. */
        boolean matches(String actual) {
            String lower = actual.toLowerCase(Locale.ROOT);
            return name.startsWith(".") ? lower.endsWith(name) : lower.equals(name);
        }

        /** Empty if the text cannot be a name: a number with dots is a wrong address. */
        static Optional<HbaAddress> of(String text) {
            return NAME.matcher(text).matches() && !NUMBERS.matcher(text).matches()
                    ? Optional.of(new Host(text.toLowerCase(Locale.ROOT)))
                    : Optional.empty();
        }
    }
}
