package io.pgdoorman.config;

import java.io.UncheckedIOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/**
 * This machine's addresses, for {@code samehost} and {@code samenet}. Threads: immutable.
 *
 * @param hosts each address alone
 * @param networks each address with its network
 */
record OwnNetworks(List<Cidr> hosts, List<Cidr> networks) {
    OwnNetworks {
        hosts = List.copyOf(hosts);
        networks = List.copyOf(networks);
    }

    /**
     * As they are now; a reload looks again.
     *
     * @throws UncheckedIOException they cannot be read
     */
    static OwnNetworks current() {
        var hosts = new ArrayList<Cidr>();
        var networks = new ArrayList<Cidr>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(each -> each.getInterfaceAddresses().stream())
                    .forEach(
                            each -> {
                                hosts.add(Addresses.only(each.getAddress()));
                                Cidr.of(each.getAddress(), each.getNetworkPrefixLength())
                                        .ifPresent(networks::add);
                            });
        } catch (SocketException e) {
            throw new UncheckedIOException(
                    e.getMessage(), e); // a line that matches nobody may be one that rejects
        }
        return new OwnNetworks(hosts, networks);
    }
}
