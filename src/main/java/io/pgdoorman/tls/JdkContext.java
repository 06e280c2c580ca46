package io.pgdoorman.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** TLS of the JDK for connections to PostgreSQL that a driver makes. Threads: no state. */
public final class JdkContext {
    private JdkContext() {}

    /**
     * With the certificate and the authorities of {@code files}.
     *
     * @param verified whether PostgreSQL's certificate must come from one of the authorities; the
     *     system's, if there are none
     */
    public static SSLContext forServers(TlsFiles files, boolean verified)
            throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own(files), verified ? trusted(files) : new TrustManager[] {ANYBODY}, null);
        return context;
    }

    private static KeyManager[] own(TlsFiles files) throws GeneralSecurityException {
        PrivateKey key = files.key();
        if (key == null) {
            return new KeyManager[0];
        }
        KeyStore store = emptyStore();
        store.setKeyEntry("own", key, new char[0], files.chain().toArray(new X509Certificate[0]));
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private static TrustManager[] trusted(TlsFiles files) throws GeneralSecurityException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        if (files.authorities().isEmpty()) {
            factory.init((KeyStore) null);
        } else {
            KeyStore store = emptyStore();
            for (X509Certificate authority : files.authorities()) {
                store.setCertificateEntry("authority " + store.size(), authority);
            }
            factory.init(store);
        }
        return new TrustManager[] {
            new PeerTrust((X509ExtendedTrustManager) factory.getTrustManagers()[0], files)
        };
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException e) {
            throw new IllegalStateException(e); // nothing is read
        }
    }

    /** Modes that encrypt and check nothing. */
    private static final X509ExtendedTrustManager ANYBODY =
            new X509ExtendedTrustManager() {
                @Override
                public void checkClientTrusted(X509Certificate[] chain, String type) {}

                @Override
                public void checkServerTrusted(X509Certificate[] chain, String type) {}

                @Override
                public void checkClientTrusted(
                        X509Certificate[] chain, String type, Socket socket) {}

                @Override
                public void checkServerTrusted(
                        X509Certificate[] chain, String type, Socket socket) {}

                @Override
                public void checkClientTrusted(
                        X509Certificate[] chain, String type, SSLEngine engine) {}

                @Override
                public void checkServerTrusted(
                        X509Certificate[] chain, String type, SSLEngine engine) {}

                @Override
                public X509Certificate[] getAcceptedIssuers() {
                    return new X509Certificate[0];
                }
            };
}
