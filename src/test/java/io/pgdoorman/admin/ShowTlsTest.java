package io.pgdoorman.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.tls.TlsExpiry;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

class ShowTlsTest {
    private static final Instant BEGIN = Instant.parse("2030-01-01T00:00:00Z");
    private static final Instant END = Instant.parse("2030-02-01T00:00:00Z");

    @Test
    void whatEndsFirstOfAFileComesFirst() throws InterruptedException {
        var later =
                new TlsExpiry(
                        Path.of("a"), TlsExpiry.Kind.CERTIFICATE, "CN=own", "CN=ca", BEGIN, END);
        var sooner =
                new TlsExpiry(
                        Path.of("a"), TlsExpiry.Kind.CERTIFICATE, "CN=ca", "CN=ca", BEGIN, BEGIN);
        var list = new TlsExpiry(Path.of("b"), TlsExpiry.Kind.CRL, "", "CN=ca", BEGIN, END);

        Table table =
                ShowTls.of(
                        Map.of("server", Set.of(list), "client", Set.of(later, sooner)),
                        Instant.parse("2030-01-02T12:00:00Z"));

        assertThat(table.texts())
                .containsExactly(
                        Arrays.asList(
                                "a",
                                "client",
                                "certificate",
                                "CN=ca",
                                "CN=ca",
                                BEGIN.toString(),
                                BEGIN.toString(),
                                "-2"),
                        Arrays.asList(
                                "a",
                                "client",
                                "certificate",
                                "CN=own",
                                "CN=ca",
                                BEGIN.toString(),
                                END.toString(),
                                "29"),
                        Arrays.asList(
                                "b",
                                "server",
                                "crl",
                                null,
                                "CN=ca",
                                BEGIN.toString(),
                                END.toString(),
                                "29"));
    }
}
