package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.testing.Certificates;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

class TlsFilesTest {
    @TempDir Path home;

    private TlsFiles read(String certificate, String key) throws TlsFilesException {
        return TlsFiles.read(
                Optional.of(Certificates.copy(certificate, home)),
                Optional.of(Certificates.copy(key, home)),
                Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "server.crt, server.key",
        "server.crt, server-sec1.key",
        "server-rsa.crt, server-rsa.key",
        "server-rsa.crt, server-rsa-pkcs1.key"
    })
    void readsKeysInEachForm(String certificate, String key) throws TlsFilesException {
        TlsFiles files = read(certificate, key);

        assertThat(files.warnings()).isEmpty();
        assertThat(files.chain()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "server.crt, client.key, is not the key of the certificate in",
        "server.crt, server-rsa.key, is not the key of the certificate in",
        "server.crt, server-encrypted.key, the private key is encrypted",
        "server.crt, server.crt, there is no private key",
        "server.key, server.key, not a certificate in PEM form"
    })
    void saysWhatIsWrongWithWhichFile(String certificate, String key, String message) {
        assertThatThrownBy(() -> read(certificate, key))
                .isInstanceOf(TlsFilesException.class)
                .hasMessageContaining(home.toString())
                .hasMessageContaining(message);
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(
                        () ->
                                TlsFiles.read(
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of(home.resolve("none.crt"))))
                .hasMessageContaining("none.crt: there is no such file");
    }

    @Test
    void garbageIsNoKey() throws IOException {
        Path key = home.resolve("garbage.key");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");

        assertThatThrownBy(
                        () ->
                                TlsFiles.read(
                                        Optional.of(Certificates.copy("server.crt", home)),
                                        Optional.of(key),
                                        Optional.empty()))
                .isInstanceOf(TlsFilesException.class)
                .hasMessageContaining("garbage.key");
    }

    @Test
    void warnsOfAnExpiredCertificateAndOfAnOpenKey() throws Exception {
        Path key = Certificates.copy("server-expired.key", home);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

        TlsFiles files =
                TlsFiles.read(
                        Optional.of(Certificates.copy("server-expired.crt", home)),
                        Optional.of(key),
                        Optional.empty());

        assertThat(files.warnings())
                .anySatisfy(one -> assertThat(one).contains("expired at 2021-01-01"))
                .anySatisfy(one -> assertThat(one).contains("chmod 0600"));
    }

    @Test
    void equalIsWhatHoldsTheSame() throws Exception {
        TlsFiles one = read("server.crt", "server.key");
        TlsFiles same = read("server.crt", "server.key");
        TlsFiles other = read("server-rsa.crt", "server-rsa.key");

        assertThat(one).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(other);
    }
}
