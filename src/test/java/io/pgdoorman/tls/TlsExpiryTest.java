package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.time.Instant;

class TlsExpiryTest {
    @ParameterizedTest
    @CsvSource({
        "CERTIFICATE, 2030-01-01, 2031-01-01, 2030-12-01, ''",
        "CERTIFICATE, 2030-01-01, 2031-01-01, 2030-12-03, 'f: the certificate CN=s, issued by CN=i, expires at 2031-01-01T00:00:00Z'",
        "AUTHORITY, 2030-01-01, 2031-01-01, 2031-01-02, 'f: the certificate CN=s, issued by CN=i, expired at 2031-01-01T00:00:00Z'",
        "CERTIFICATE, 2030-01-01, 2031-01-01, 2029-12-31, 'f: the certificate CN=s, issued by CN=i, is not valid before 2030-01-01T00:00:00Z'",
        "CRL, 2030-12-01, 2031-01-01, 2030-12-28, ''",
        "CRL, 2030-12-01, 2031-01-01, 2030-12-30, 'f: the revocation list of CN=i expires at 2031-01-01T00:00:00Z, and there is no next one yet'",
        "CRL, 2030-12-28, 2031-01-01, 2030-12-30, ''",
        "CRL, 2030-12-01, 2031-01-01, 2031-01-02, 'f: the revocation list of CN=i expired at 2031-01-01T00:00:00Z; what was revoked since is not known'"
    })
    void warnsInTime(TlsExpiry.Kind kind, String begin, String end, String now, String warning) {
        var expiry =
                new TlsExpiry(Path.of("f"), kind, "CN=s", "CN=i", midnight(begin), midnight(end));

        assertThat(expiry.warning(midnight(now)).orElse("")).isEqualTo(warning);
    }

    private static Instant midnight(String day) {
        return Instant.parse(day + "T00:00:00Z");
    }
}
