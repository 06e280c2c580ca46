package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.NetUtil;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Optional;

/** Each line is what libpq says to the same certificate and host. */
class HostNamesTest {
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // names of the certificate, its addresses, its common name, the host
                "db.test, -, -, db.test, true",
                "DB.Test, -, -, db.tEST, true",
                "db.test, -, -, db.test., false",
                "my_db, -, -, my_db, true",
                "-, -, my_db, my_db, true",
                // a star is one label, the first, and nothing but that
                "*.test, -, -, local.test, true",
                "*.test, -, -, my_db.TEST, true",
                "*.test, -, -, a.local.test, false",
                "*.test, -, -, test, false",
                "*.test, -, -, .test, false",
                "local*.test, -, -, localhost.test, false",
                "*host.test, -, -, localhost.test, false",
                "l*.test, -, -, local.test, false",
                "a.*.test, -, -, a.b.test, false",
                "*, -, -, localhost, false",
                "*test, -, -, localtest, false",
                "-, -, *.test, local.test, true",
                // the common name counts if there is no name of the host's kind
                "-, -, db.test, db.test, true",
                "other.test, -, db.test, db.test, false",
                "-, 127.0.0.1, db.test, db.test, true",
                "other.test, -, 127.0.0.1, 127.0.0.1, true",
                "-, 10.0.0.1, 127.0.0.1, 127.0.0.1, false",
                "-, -, -, db.test, false",
                // addresses
                "-, 127.0.0.1, -, 127.0.0.1, true",
                "-, 127.0.0.1, -, 127.0.0.2, false",
                "127.0.0.1, -, -, 127.0.0.1, true",
                "-, -, 127.0.0.1, 127.0.0.1, true",
                "-, ::1, -, ::1, true",
                "-, ::1, -, 0:0:0:0:0:0:0:1, true",
                "-, ::1, -, ::2, false",
                "*.0.0.1, -, -, 127.0.0.1, true"
            })
    void matchesAsLibpqDoes(
            @Nullable String names,
            @Nullable String addresses,
            @Nullable String common,
            String host,
            boolean expected) {
        var certificate =
                new HostNames(
                        names == null ? List.of() : List.of(names),
                        addresses == null
                                ? List.of()
                                : List.of(NetUtil.createByteArrayFromIpAddressString(addresses)),
                        Optional.ofNullable(common));

        assertThat(certificate.matches(host)).isEqualTo(expected);
    }
}
