package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/** Expectations come from {@code openssl x509 -outform DER | openssl dgst -<hash>}. */
class ChannelBindingTest {
    private static X509Certificate certificate(String name)
            throws IOException, CertificateException {
        try (InputStream in =
                ChannelBindingTest.class.getResourceAsStream("/tls/binding/" + name + ".crt")) {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "md5, 87f67df0595cf8264ef6836ef73336d932ce40351355d9f80b645328803d466a",
        "sha1, 6aa27b29c390c3fc5351fe35eda3133f313d9ead333dcb440a80c4efe11f2568",
        "sha256, 135ac4c0fe1dfdafff8a804d6b983967bca9098cb257b5c08a33f56cb18c7423",
        "sha384, fce2767bc2ff25cb648465b03eb1649a2575ae3b79f3eb87386b98acaf5851ea"
                + "5f5dcc79a1aabc370824422cf44f7dce",
        "sha512, 7bd59eacf8cfb55d2617404037328a59ba2c073a50d81d17bdad1e94251f80b1"
                + "7cbc2a64fce1591b950b77a99755179456b82e729d26b0662e00445db65e6bfd",
        "pss-sha384, 0f225478cbf0cb4f4c9fb5702a60e42aa23d40ca25d8798c7d79f039b3a513b5"
                + "68621add5d3449d4d65045054fb53024",
        "sha3-256, 9b65dcf45cf96319e3855afe68369a7ddaae386b56f042024df4a1cd809209c3"
    })
    void isTheHashOfTheCertificateByTheHashOfItsSignature(String name, String expected)
            throws IOException, CertificateException {
        byte[] binding = ChannelBinding.tlsServerEndPoint(certificate(name));

        assertThat(HexFormat.of().formatHex(binding)).isEqualTo(expected);
    }

    @Test
    void aSignatureWithoutAHashOfItsOwnGivesNone() throws IOException, CertificateException {
        assertThat(ChannelBinding.tlsServerEndPoint(certificate("ed25519"))).isEmpty();
    }
}
