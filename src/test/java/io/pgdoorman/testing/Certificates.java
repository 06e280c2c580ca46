package io.pgdoorman.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Objects;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Certificates and keys of the tests, valid for a century unless their name says otherwise:
 *
 * <pre>
 *   ca.crt          signs all but server-other, which other-ca.crt does, and server-p521
 *   server          localhost, 127.0.0.1; EC, and server-rsa; keys in several forms
 *   server-p521     localhost; signs itself
 *   server-elsewhere of another host; server-expired
 *   client          CN=app,O=tests
 *   revoking-ca.crt signs good and revoked, which are for localhost; revoking-ca.crl lists the latter,
 *                   and so does revoking-ca-expired.crl; unknown-ca.crl is empty and of another
 *   chain-root.crt  signs chain-intermediate, which signs chain-leaf, which is for localhost;
 *                   chain-both has the last two. chain.crl is of both authorities, and in
 *                   chain-revoked.crl the intermediate is revoked. It signs early, too, which is
 *                   valid from 2099 on
 *   chain-root-expired.crt signs chain-of-expired
 *   pinned          signed by itself and no authority, and yet it has signed pinned-child;
 *                   pinned-expired
 *   ed25519, ed448, secp256k1 signed by themselves, with keys of their kind
 *   named           one.example.org, *.wild.example.org
 *   server-secret   the key of server with the passphrase "mouse trap"; -des3 and -old, which are not
 *                   supported
 *   path-root.crt  signs an intermediate authority, which stands behind path-server (localhost,
 *                   127.0.0.1) and path-client (CN=app,O=tests) in their files
 *   path-client-*  of the key of path-client: alone, without the intermediate; expired and early
 *                   (not valid yet), of the root; unknown, signed by itself
 * </pre>
 *
 * Threads: any.
 */
public final class Certificates {
    private static final String OWN = "own";

    private Certificates() {}

    /**
     * What JSSE shows: all certificates of a file, with their key (PKCS #8, no passphrase). As a
     * client it shows them also to a server that names other authorities, as libpq does.
     */
    public static KeyManager[] keys(Path certificate, Path key) {
        try {
            Certificate[] chain =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(
                                    new ByteArrayInputStream(Files.readAllBytes(certificate)))
                            .toArray(Certificate[]::new);
            String text = Files.readString(key).replaceAll("-----[^-]*-----|\\s", "");
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    OWN,
                    KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm())
                            .generatePrivate(
                                    new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text))),
                    new char[0],
                    chain);
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, new char[0]);
            return new KeyManager[] {
                new Showing((X509ExtendedKeyManager) factory.getKeyManagers()[0])
            };
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A copy of one in {@code directory}, which its owner alone may read. */
    public static Path copy(String name, Path directory) {
        Path file = directory.resolve(name);
        try (InputStream in = Certificates.class.getResourceAsStream("/tls/" + name)) {
            Files.copy(Objects.requireNonNull(in, name), file, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file.toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Showing extends X509ExtendedKeyManager {
        private final X509ExtendedKeyManager keys;

        Showing(X509ExtendedKeyManager keys) {
            this.keys = keys;
        }

        @Override
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return OWN;
        }

        @Override
        public String chooseEngineClientAlias(
                String[] types, Principal[] issuers, SSLEngine engine) {
            return OWN;
        }

        @Override
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return keys.chooseServerAlias(type, issuers, socket);
        }

        @Override
        public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
            return keys.chooseEngineServerAlias(type, issuers, engine);
        }

        @Override
        public String[] getClientAliases(String type, Principal[] issuers) {
            return new String[] {OWN};
        }

        @Override
        public String[] getServerAliases(String type, Principal[] issuers) {
            return keys.getServerAliases(type, issuers);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return keys.getCertificateChain(alias);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return keys.getPrivateKey(alias);
        }
    }
}
