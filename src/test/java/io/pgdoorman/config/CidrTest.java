package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetAddress;

class CidrTest {
    @ParameterizedTest
    @CsvSource({
        "10.1.2.3/8, 10.0.0.0/8",
        "10.1.2.3/32, 10.1.2.3/32",
        "10.1.2.3/0, 0.0.0.0/0",
        "10.255.255.255/13, 10.248.0.0/13",
        "fd00::1/64, fd00:0:0:0:0:0:0:0/64",
        "::ffff:10.1.2.3/128, 10.1.2.3/32",
        "::ffff:10.1.2.3/96, 0.0.0.0/0"
    })
    void clearsHostBits(String text, String network) {
        assertThat(Addresses.network(text)).map(Cidr::toString).hasValue(network);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/x", "10.0.0/8",
                "256.0.0.1/8", "::1/129", "::ffff:10.0.0.1/95", "localhost/8", "/8", "",
                "10.0.0.1/8/8", "fe80::1%lo/64", "1::2::3/64"
            })
    void refusesWhatIsNoNetwork(String text) {
        assertThat(Addresses.network(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "10.0.0.128/25, 10.0.0.128, true",
        "10.0.0.128/25, 10.0.0.127, false",
        "10.0.0.1/32, 10.0.0.1, true",
        "10.0.0.1/32, 10.0.0.2, false",
        "0.0.0.0/0, 255.255.255.255, true",
        "0.0.0.0/0, ::1, false",
        "::/0, 10.0.0.1, false",
        "::/0, ff::, true",
        "fd00::/9, fd7f::1, true",
        "fd00::/9, fd80::1, false"
    })
    void containsItsAddresses(String network, String address, boolean contained) {
        assertThat(
                        Addresses.network(network)
                                .orElseThrow()
                                .contains(InetAddress.ofLiteral(address)))
                .isEqualTo(contained);
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 255.0.0.0, 10.0.0.0/8",
        "10.1.2.3, 255.255.255.255, 10.1.2.3/32",
        "10.1.2.3, 0.0.0.0, 0.0.0.0/0",
        "10.1.2.3, 255.254.0.0, 10.0.0.0/15",
        "10.1.2.3, 255.0.255.0, ",
        "10.1.2.3, 0.255.0.0, ",
        "10.1.2.3, ffff::, ",
        "fd00::1, ff00::, fd00:0:0:0:0:0:0:0/8"
    })
    void readsMasks(String address, String mask, String network) {
        assertThat(Addresses.masked(address, mask).map(Cidr::toString).orElse(null))
                .isEqualTo(network);
    }
}
