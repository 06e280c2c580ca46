package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Certificates;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

class OwnCertificatesTest {
    @TempDir Path home;

    @Test
    void aKeyOfAnyKindIsShownToServers() throws TlsFilesException {
        TlsFiles files =
                TlsFiles.read(
                        TlsPaths.of(
                                Certificates.copy("ed25519.crt", home),
                                Certificates.copy("ed25519.key", home),
                                Optional.empty()));
        var own = new OwnCertificates(List.of(files));

        String alias = own.chooseEngineClientAlias(new String[] {"RSA", "EC"}, null, null);

        assertThat(own.getCertificateChain(alias)).containsExactly(files.chain().getFirst());
    }
}
