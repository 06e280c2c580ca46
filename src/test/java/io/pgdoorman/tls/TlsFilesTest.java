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
import java.time.Duration;
import java.util.Optional;

class TlsFilesTest {
    @TempDir Path home;

    private TlsFiles read(String certificate, String key) throws TlsFilesException {
        return TlsFiles.read(
                TlsPaths.of(
                        Certificates.copy(certificate, home),
                        Certificates.copy(key, home),
                        Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource({
        "server.crt, server.key",
        "server.crt, server-sec1.key",
        "server-rsa.crt, server-rsa.key",
        "server-rsa.crt, server-rsa-pkcs1.key",
        "ed25519.crt, ed25519.key"
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
        "ed448.crt, ed448.key, ed448.key: a key of the kind Ed448 cannot be used for TLS",
        "secp256k1.crt, secp256k1.key, secp256k1.key: ",
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
                                        new TlsPaths(
                                                Optional.empty(),
                                                Optional.empty(),
                                                Optional.of(home.resolve("none.crt")),
                                                Optional.empty(),
                                                Optional.empty())))
                .hasMessageContaining("none.crt: there is no such file");
    }

    @Test
    void garbageIsNoKey() throws IOException {
        Path key = home.resolve("garbage.key");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");

        assertThatThrownBy(
                        () ->
                                TlsFiles.read(
                                        TlsPaths.of(
                                                Certificates.copy("server.crt", home),
                                                key,
                                                Optional.empty())))
                .isInstanceOf(TlsFilesException.class)
                .hasMessageContaining("garbage.key");
    }

    @Test
    void warnsOfAnExpiredCertificateAndOfAnOpenKey() throws Exception {
        Path key = Certificates.copy("server-expired.key", home);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

        TlsFiles files =
                TlsFiles.read(
                        TlsPaths.of(
                                Certificates.copy("server-expired.crt", home),
                                key,
                                Optional.empty()));

        assertThat(files.warnings())
                .anySatisfy(one -> assertThat(one).contains("expired at 2021-01-01"))
                .anySatisfy(one -> assertThat(one).contains("chmod 0600"));
    }

    @Test
    void everyCertificateOfAFileCounts() throws Exception {
        Path bundle = Certificates.copy("ca.crt", home);
        Path expired = Certificates.copy("chain-root-expired.crt", home);
        Files.writeString(bundle, Files.readString(bundle) + Files.readString(expired));

        TlsFiles files = TlsFiles.read(TlsPaths.ofAuthorities(bundle));

        assertThat(files.expiries())
                .extracting(TlsExpiry::subject)
                .containsExactly("CN=pg_doorman test ca", "CN=pg_doorman test expired root");
        assertThat(files.warnings())
                .singleElement()
                .asString()
                .contains("ca.crt: the certificate CN=pg_doorman test expired root, issued by")
                .contains("expired at 2021-01-01");
    }

    @Test
    void equalIsWhatHoldsTheSame() throws Exception {
        TlsFiles one = read("server.crt", "server.key");
        TlsFiles same = read("server.crt", "server.key");
        TlsFiles other = read("server-rsa.crt", "server-rsa.key");

        assertThat(one).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(other);
    }

    // ---- keys with a passphrase ----------------------------------------------------------------

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private TlsFiles secret(String key, String command) throws TlsFilesException {
        return TlsFiles.read(
                TlsPaths.of(
                        Certificates.copy("server.crt", home),
                        Certificates.copy(key, home),
                        Optional.of(new PassphraseCommand(command, LIMIT))));
    }

    @Test
    void asksACommandForThePassphrase() throws TlsFilesException {
        assertThat(secret("server-secret.key", "echo mouse trap").key()).isNotNull();
        assertThat(secret("server-secret.key", "printf 'mouse trap'").key()).isNotNull();
    }

    @Test
    void theCommandKnowsWhichKeyItIs() throws IOException, TlsFilesException {
        Certificates.copy("server-secret.key", home);
        Files.writeString(home.resolve("server-secret.key.pass"), "mouse trap\n");

        assertThat(secret("server-secret.key", "cat $PG_DOORMAN_KEY_FILE.pass").key()).isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "server-secret.key | echo cat trap | the passphrase is wrong",
                "server-secret.key | true | the passphrase command wrote nothing",
                "server-secret.key | echo mouse trap; exit 3 | ended with status 3",
                "server-secret.key | head -c 2000 /dev/zero | wrote more than 1024 bytes",
                "server-secret-des3.key | echo mouse trap | openssl pkcs8 -topk8 -v2 aes-256-cbc",
                "server-secret-old.key | echo mouse trap | openssl pkcs8 -topk8 -v2 aes-256-cbc"
            })
    void saysWhyAKeyWithAPassphraseIsNotRead(String key, String command, String message) {
        assertThatThrownBy(() -> secret(key, command))
                .isInstanceOf(TlsFilesException.class)
                .hasMessageContaining(key + ": ")
                .hasMessageContaining(message)
                .hasMessageNotContaining("trap");
    }

    @Test
    void aCommandThatDoesNotEndIsEnded() {
        var command = new PassphraseCommand("echo mouse trap; exec sleep 60", Duration.ofMillis(1));

        assertThatThrownBy(() -> command.run(home))
                .hasMessageContaining("the passphrase command took longer than 1 ms");
    }

    @Test
    void aKeyWithoutOneNeedsNoCommand() throws TlsFilesException {
        assertThat(secret("server.key", "exit 1").key()).isNotNull();
    }

    // ---- revocation lists ----------------------------------------------------------------------

    private TlsFiles revoking(Path crl) throws TlsFilesException {
        return TlsFiles.read(
                new TlsPaths(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Certificates.copy("revoking-ca.crt", home)),
                        Optional.of(crl),
                        Optional.empty()));
    }

    @Test
    void readsADirectoryOfRevocationLists() throws Exception {
        Path lists = Files.createDirectories(home.resolve("crls"));
        Certificates.copy("revoking-ca.crl", lists);
        TlsFiles before = revoking(lists);
        Certificates.copy("unknown-ca.crl", lists);

        TlsFiles files = revoking(lists);

        assertThat(files.revocations()).hasSize(2);
        assertThat(files).isNotEqualTo(before);
        assertThat(files.expiries())
                .extracting(TlsExpiry::kind)
                .containsExactly(TlsExpiry.Kind.AUTHORITY, TlsExpiry.Kind.CRL, TlsExpiry.Kind.CRL);
    }

    @Test
    void saysWhichFileIsNoRevocationList() throws IOException {
        Path empty = Files.createDirectories(home.resolve("empty"));

        assertThatThrownBy(() -> revoking(empty))
                .hasMessageContaining("empty: there is no revocation list in it");
        assertThatThrownBy(() -> revoking(Certificates.copy("ca.crt", home)))
                .hasMessageContaining("ca.crt: not a revocation list (CRL)");
    }
}
