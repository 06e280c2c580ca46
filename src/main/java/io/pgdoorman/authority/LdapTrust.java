package io.pgdoorman.authority;

import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Optional;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Whom servers' certificates must be signed by: the authorities of a file, which is read again when
 * it has changed, else those the Java runtime trusts. Threads: any.
 */
final class LdapTrust {
    private record Made(Bytes file, SSLSocketFactory factory) {}

    private final Optional<Path> file;

    /** The last, written and read by any thread; whichever it is, its content is looked at. */
    private volatile @Nullable Made made;

    LdapTrust(Optional<Path> file) {
        this.file = file;
    }

    /** Makes sockets with TLS whose peers' certificates are verified, but for the name. */
    SSLSocketFactory sockets() throws AuthorityException {
        try {
            if (file.isEmpty()) {
                return SSLContext.getDefault().getSocketFactory();
            }
            byte[] content = Files.readAllBytes(file.get());
            Made last = made;
            if (last == null || !last.file.equals(Bytes.copyOf(content))) {
                last = new Made(Bytes.copyOf(content), factory(content));
                made = last;
            }
            return last.factory;
        } catch (IOException | GeneralSecurityException e) {
            throw new AuthorityException(
                    "%s: %s".formatted(file.map(Path::toString).orElse("TLS"), e));
        }
    }

    private static SSLSocketFactory factory(byte[] content)
            throws IOException, GeneralSecurityException {
        Collection<? extends Certificate> authorities =
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(new ByteArrayInputStream(content));
        if (authorities.isEmpty()) {
            throw new IOException("there is no certificate in it");
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (Certificate authority : authorities) {
            store.setCertificateEntry("authority-" + number++, authority);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }
}
