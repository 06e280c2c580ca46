package io.pgdoorman.tls;

import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;

import org.jspecify.annotations.Nullable;

import java.net.Socket;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * The certificates one side may show. Of several, that with the name the client asked for (SNI) is
 * taken, exact names before those with a star; the first if there is none, or if nothing was asked.
 *
 * <p>Threads: immutable.
 */
final class OwnCertificates extends X509ExtendedKeyManager {
    private record Entry(X509Certificate[] chain, PrivateKey key, List<String> names) {
        /** JSSE calls EC keys {@code EC}, and {@code EC_EC} in old suites. */
        boolean isOf(String type) {
            return key.getAlgorithm().equals(type) || type.endsWith("_" + key.getAlgorithm());
        }
    }

    private final List<Entry> entries = new ArrayList<>();

    /**
     * @param all each with a certificate; the first is shown to whoever asks for none
     */
    OwnCertificates(List<TlsFiles> all) throws TlsFilesException {
        for (TlsFiles files : all) {
            PrivateKey key = files.key();
            if (key == null) {
                throw new IllegalArgumentException("without a key");
            }
            try {
                entries.add(
                        new Entry(
                                files.chain().toArray(X509Certificate[]::new),
                                key,
                                CertificateNames.of(files.chain().getFirst())));
            } catch (CertificateParsingException e) {
                throw new TlsFilesException(
                        "the names of a certificate cannot be read: " + e.getMessage(), e);
            }
        }
    }

    KeyManagerFactory factory() {
        var spi =
                new KeyManagerFactorySpi() {
                    @Override
                    protected void engineInit(KeyStore store, char[] password) {}

                    @Override
                    protected void engineInit(ManagerFactoryParameters parameters) {}

                    @Override
                    protected KeyManager[] engineGetKeyManagers() {
                        return new KeyManager[] {OwnCertificates.this};
                    }
                };
        return new KeyManagerFactory(spi, null, "own") {};
    }

    /**
     * Which of them. The type of its key plays no part: the library asks by those of all suites it
     * has, not by what the client can.
     *
     * @param asked by the client; empty if it asked for none
     */
    int choose(String asked) {
        String name = CertificateNames.lower(asked);
        int starred = -1;
        for (int i = 0; i < entries.size() && !asked.isEmpty(); i++) {
            for (String own : entries.get(i).names) {
                if (own.equals(name)) {
                    return i;
                }
                if (starred < 0 && CertificateNames.matches(own, name)) {
                    starred = i;
                }
            }
        }
        return Math.max(0, starred);
    }

    @Override
    public String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return Integer.toString(choose(serverName(engine)));
    }

    private static String serverName(@Nullable SSLEngine engine) {
        if (!(engine instanceof ReferenceCountedOpenSslEngine own)) {
            return "";
        }
        String name = SSL.getSniHostname(own.sslPointer());
        return name == null ? "" : name;
    }

    @Override
    public String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        // As libpq: the server says what it does not take. And Netty has no word for Ed25519.
        return "0";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return entries.get(Integer.parseInt(alias)).chain;
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return entries.get(Integer.parseInt(alias)).key;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return aliases(keyType);
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return aliases(keyType);
    }

    private String[] aliases(String type) {
        List<String> aliases = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).isOf(type)) {
                aliases.add(Integer.toString(i));
            }
        }
        return aliases.toArray(String[]::new);
    }

    @Override
    public String chooseServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return "0";
    }

    @Override
    public String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineClientAlias(keyTypes, issuers, null);
    }
}
