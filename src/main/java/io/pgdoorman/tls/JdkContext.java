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
import javax.net.ssl.X509ExtendedTrustManager;

/** TLS of the JDK for connections that other libraries make. Threads: no state. */
public final class JdkContext {
    private JdkContext() {}

    /**
     * With the certificate and the authorities of {@code files}.
     *
     * @param verified whether PostgreSQL's certificate must come from one of the authorities, which
     *     there are then
     */
    public static SSLContext forServers(TlsFiles files, boolean verified)
            throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        X509ExtendedTrustManager trust = verified ? new PeerTrust(files, PeerKind.SERVER) : ANYBODY;
        context.init(own(files), new TrustManager[] {trust}, null);
        return context;
    }

    /**
     * For directories whose certificates must come from one of the authorities of {@code files}.
     */
    public static SSLContext forDirectories(TlsFiles files) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new PeerTrust(files, PeerKind.DIRECTORY)}, null);
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
