package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.tls.TlsContext.PeerCertificate;
import io.pgdoorman.tls.TlsContext.Terms;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Each case is one that {@code openssl verify} decides alike. */
class PeerTrustTest {
    private static final InstantSource NOW =
            InstantSource.fixed(Instant.parse("2030-01-01T00:00:00Z"));

    @TempDir Path home;

    /**
     * @param names of several certificates, with + between
     */
    private Path file(String names) throws IOException {
        Path joined = home.resolve("joined.pem");
        Files.deleteIfExists(joined);
        var all = new StringBuilder();
        for (String name : names.split("\\+")) {
            all.append(Files.readString(Certificates.copy(name + ".crt", home)));
        }
        return Files.writeString(joined, all);
    }

    private X509Certificate[] chain(String names) throws Exception {
        return Pem.certificates(Files.readAllBytes(file(names))).toArray(X509Certificate[]::new);
    }

    private PeerTrust trust(String authorities, Optional<String> crl, PeerKind peer)
            throws Exception {
        return new PeerTrust(
                TlsFiles.read(
                        new TlsPaths(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of(file(authorities)),
                                crl.map(name -> Certificates.copy(name, home)),
                                Optional.empty())),
                peer,
                NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "chain-leaf + chain-intermediate, chain-root",
        "chain-leaf, chain-root + chain-intermediate",
        "chain-leaf + chain-intermediate + chain-root, chain-root",
        "chain-leaf + pinned + chain-intermediate, other-ca + chain-root",
        "pinned, pinned",
        "server, chain-root + ca"
    })
    void takesWhatLeadsToARoot(String chain, String authorities) throws Exception {
        PeerTrust trust = trust(authorities.replace(" ", ""), Optional.empty(), PeerKind.SERVER);

        X509Certificate[] shown = chain(chain.replace(" ", ""));

        assertThatCode(() -> trust.checkServerTrusted(shown, "")).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "chain-leaf | chain-root | CN=localhost, issued by CN=pg_doorman test intermediate, is of no authority in server_tls_ca_cert",
                "chain-leaf + chain-intermediate | ca | is of no authority in server_tls_ca_cert: the issuer of CN=pg_doorman test intermediate is not there, which is CN=pg_doorman test root",
                "chain-leaf | ca + chain-leaf | is of no authority in server_tls_ca_cert",
                "pinned | ca | CN=pinned, issued by CN=pinned, is self-signed and not in server_tls_ca_cert",
                "chain-of-expired | chain-root-expired | the certificate CN=localhost, issued by CN=pg_doorman test expired root, is not trusted: the certificate CN=pg_doorman test expired root above it expired at 2021-01-01T00:00:00Z; see server_tls_ca_cert",
                "pinned-expired | pinned-expired | CN=pinned, issued by CN=pinned, expired at 2021-01-01T00:00:00Z",
                "server-expired | ca | CN=localhost, issued by CN=pg_doorman test ca, expired at 2021-01-01T00:00:00Z; see ssl_cert_file of PostgreSQL",
                "early | chain-root | is not valid before 2099-01-01T00:00:00Z; see ssl_cert_file of PostgreSQL",
                "pinned-child | pinned | the certificate CN=pinned above it is not the certificate of an authority; see server_tls_ca_cert",
                "client | ca | CN=app,O=tests, issued by CN=pg_doorman test ca, is not one for TLS servers by its key usage"
            })
    void saysWhatIsWrong(String chain, String authorities, String message) throws Exception {
        PeerTrust trust = trust(authorities.replace(" ", ""), Optional.empty(), PeerKind.SERVER);

        X509Certificate[] shown = chain(chain.replace(" ", ""));

        assertThatThrownBy(() -> trust.checkServerTrusted(shown, ""))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining(message);
    }

    @Test
    void namesTheSettingsOfClients() throws Exception {
        PeerTrust trust = trust("ca", Optional.empty(), PeerKind.CLIENT);
        X509Certificate[] unknown = chain("pinned-child");
        X509Certificate[] expired = chain("server-expired");

        assertThatThrownBy(() -> trust.checkClientTrusted(unknown, ""))
                .hasMessageContaining("is of no authority in tls_ca_cert");
        assertThatThrownBy(() -> trust.checkClientTrusted(expired, ""))
                .hasMessageContaining("see sslcert of the client");
    }

    @Test
    void aFileWithoutARootTrustsNothing() {
        assertThatThrownBy(() -> trust("chain-intermediate", Optional.empty(), PeerKind.SERVER))
                .isInstanceOf(TlsFilesException.class)
                .hasMessageContaining("joined.pem: no certificate in it is self-signed");
    }

    // ---- revocation lists ----------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"chain-root", "chain-root+chain-intermediate"})
    void aRevokedIntermediateIsFoundWhereverItStands(String authorities) throws Exception {
        PeerTrust trust = trust(authorities, Optional.of("chain-revoked.crl"), PeerKind.SERVER);
        X509Certificate[] shown = chain("chain-leaf+chain-intermediate");

        assertThatThrownBy(() -> trust.checkServerTrusted(shown, ""))
                .hasMessageContaining("the certificate CN=localhost, issued by")
                .hasMessageContaining("CN=pg_doorman test intermediate above it, serial number")
                .hasMessageContaining("was revoked at")
                .hasMessageContaining("see server_tls_crl");
    }

    @Test
    void everyAuthorityOfThePathNeedsAList() throws Exception {
        X509Certificate[] shown = chain("chain-leaf+chain-intermediate");
        PeerTrust complete = trust("chain-root", Optional.of("chain.crl"), PeerKind.SERVER);
        PeerTrust without = trust("chain-root", Optional.of("unknown-ca.crl"), PeerKind.SERVER);

        assertThatCode(() -> complete.checkServerTrusted(shown, "")).doesNotThrowAnyException();
        assertThatThrownBy(() -> without.checkServerTrusted(shown, ""))
                .hasMessageContaining("there is no revocation list of CN=pg_doorman test intermedi")
                .hasMessageContaining("in server_tls_crl");
    }

    // ---- hosts ---------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "localhost   | ''",
                "127.0.0.1   | ''",
                "my_db       | is for localhost, 127.0.0.1, not for my_db; see ssl_cert_file",
                "127.0.0.2   | is for localhost, 127.0.0.1, not for 127.0.0.2; see ssl_cert_file",
            })
    void aHandshakeChecksTheHost(String host, String message) throws Exception {
        TlsFiles own =
                TlsFiles.read(
                        TlsPaths.of(
                                Certificates.copy("server.crt", home),
                                Certificates.copy("server.key", home),
                                Optional.empty()));
        TlsContext named =
                TlsContext.forServers(
                        TlsFiles.read(TlsPaths.ofAuthorities(file("ca"))),
                        PeerCertificate.TRUSTED_AND_NAMED);
        List<String> failures = new ArrayList<>();
        try (var pair = new TlsPair()) {
            pair.server.begin(
                    TlsContext.forClients(own, List.of(), PeerCertificate.NONE, Terms.ALL),
                    "",
                    Unpooled.EMPTY_BUFFER);
            pair.client.begin(named, host, Unpooled.EMPTY_BUFFER);
            pair.exchange(Integer.MAX_VALUE);
            failures.add(pair.client.failure == null ? "" : pair.client.failed());
        }

        assertThat(failures.getFirst()).contains(message);
        assertThat(failures.getFirst().isEmpty()).isEqualTo(message.isEmpty());
    }
}
