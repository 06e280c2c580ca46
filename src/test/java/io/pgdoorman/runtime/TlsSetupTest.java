package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.TlsCipherSuite;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.tls.TlsExpiry;
import io.pgdoorman.tls.TlsSuite;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;

class TlsSetupTest {
    @TempDir Path home;

    private TlsSetup setup(String... lines) {
        return TlsSetup.of(config(lines));
    }

    private Config config(String... lines) {
        String text =
                """
                [general]
                admin_username = "a"
                admin_password = "b"
                tls_certificate = "%s"
                tls_private_key = "%s"
                %s
                [pools.one]
                server_host = "h"
                server_tls_mode = "verify-ca"
                server_tls_ca_cert = "%s"
                server_tls_crl = "%s"
                """
                        .formatted(
                                Certificates.copy("server.crt", home),
                                Certificates.copy("server-secret.key", home),
                                String.join("\n", lines),
                                Certificates.copy("revoking-ca.crt", home),
                                Certificates.copy("revoking-ca-expired.crl", home));
        return ConfigLoader.parse(text, "test.toml").config().orElseThrow();
    }

    @Test
    void warnsOfAListThatNothingUses() {
        String text =
                """
                [general]
                admin_username = "a"
                admin_password = "b"
                server_tls_crl = "/nowhere.crl"
                [pools.one]
                server_host = "h"
                """;

        TlsSetup setup = TlsSetup.of(ConfigLoader.parse(text, "test.toml").config().orElseThrow());

        assertThat(setup.warnings())
                .containsExactly(
                        "/nowhere.crl: is not read: server_tls_mode is allow, so no certificate of"
                                + " a server is checked");
    }

    private static Config requiring(String mode, Path authorities) {
        String text =
                """
                [general]
                admin_username = "a"
                admin_password = "b"
                [pools.one]
                server_host = "h"
                server_tls_mode = "%s"
                server_tls_ca_cert = "%s"
                """
                        .formatted(mode, authorities);
        return ConfigLoader.parse(text, "test.toml").config().orElseThrow();
    }

    @Test
    void requireWithAuthoritiesChecksThemAsLibpqDoes() {
        Path authorities = Certificates.copy("ca.crt", home);

        TlsSetup required = TlsSetup.of(requiring("require", authorities));
        TlsSetup preferred = TlsSetup.of(requiring("prefer", authorities));

        TlsSetup verifying = TlsSetup.of(requiring("verify-ca", authorities));
        assertThat(required.servers().values())
                .containsExactlyElementsOf(verifying.servers().values());
        assertThat(required.warnings()).isEmpty();
        assertThat(preferred.warnings())
                .containsExactly(
                        authorities
                                + ": is not read: server_tls_mode is prefer, so no certificate of a"
                                + " server is checked");
    }

    @Test
    void theTestOfAConfigurationFindsAKeyThatCannotBeUsed() {
        String text =
                """
                [general]
                admin_username = "a"
                admin_password = "b"
                tls_certificate = "%s"
                tls_private_key = "%s"
                [pools.one]
                server_host = "h"
                """
                        .formatted(
                                Certificates.copy("ed448.crt", home),
                                Certificates.copy("ed448.key", home));

        var check =
                CertificateCheck.of(ConfigLoader.parse(text, "test.toml").config().orElseThrow());

        assertThat(check.error())
                .hasValueSatisfying(
                        said -> assertThat(said).contains("ed448.key: a key of the kind Ed448"));
    }

    private static final String PASSPHRASE = "tls_passphrase_command = \"echo mouse trap\"";

    @Test
    void everySuiteThatCanBeNamedIsOneThatMoves() {
        assertThat(Arrays.stream(TlsCipherSuite.values()).map(Enum::name))
                .containsExactlyElementsOf(TlsSuite.ofTls12().stream().map(Enum::name).toList());
    }

    @Test
    void aKeyThatNeedsAPassphraseIsNamed() {
        assertThatThrownBy(this::setup)
                .isInstanceOf(StartException.class)
                .hasMessageContaining("server-secret.key: ")
                .hasMessageContaining("tls_passphrase_command");
    }

    @Test
    void aFurtherCertificateIsAReasonToReload() {
        String more =
                "tls_certificates = [{certificate = \"%s\", private_key = \"%s\"}]"
                        .formatted(
                                Certificates.copy("named.crt", home),
                                Certificates.copy("named.key", home));

        TlsSetup before = setup(PASSPHRASE);

        assertThat(setup(PASSPHRASE, more).doesAs(before)).isFalse();
        assertThat(setup(PASSPHRASE).doesAs(before)).isTrue();
        assertThat(setup(PASSPHRASE, "tls_min_version = \"TLSv1.3\"").doesAs(before)).isFalse();
        assertThat(setup(PASSPHRASE, "tls_rate_limit_per_second = 100").doesAs(before)).isFalse();
    }

    @Test
    void knowsWhatEnds() {
        TlsSetup setup = setup(PASSPHRASE);

        assertThat(setup.expiries().get("client"))
                .extracting(TlsExpiry::kind)
                .containsExactly(TlsExpiry.Kind.CERTIFICATE);
        assertThat(setup.expiries().get("server"))
                .extracting(TlsExpiry::kind)
                .containsExactly(TlsExpiry.Kind.AUTHORITY, TlsExpiry.Kind.CRL);
        assertThat(setup.warnings()).singleElement().asString().contains("revocation list");
        assertThat(setup.warningsOfEnds(Instant.parse("2200-01-01T00:00:00Z")))
                .hasSize(3)
                .anySatisfy(
                        one -> assertThat(one).contains("server.crt: the certificate CN=localh"));
    }
}
