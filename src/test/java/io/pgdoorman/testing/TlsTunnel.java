package io.pgdoorman.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLKeyException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Lets clients without TLS speak with a server by TLS: each connection to {@link #address} becomes
 * one of JSSE's, opened by SSLRequest. What the server shows is not checked. Threads: any; two for
 * each connection, which the system lets take turns: virtual ones that carry large results would
 * let the others wait for seconds.
 */
public final class TlsTunnel implements AutoCloseable {
    private static final byte[] SSL_REQUEST = {0, 0, 0, 8, 4, (byte) 0xd2, 0x16, 0x2f};

    private final InetSocketAddress target;
    private final SSLContext context;
    private final String suite;
    private final boolean direct;
    private final boolean withProtocol;
    private final boolean impostor;
    private final ServerSocket listener;
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();

    /** Of the connection opened last. */
    private volatile X509Certificate shown;

    private volatile ExtendedSSLSession session;

    private TlsTunnel(
            InetSocketAddress target,
            SSLContext context,
            String suite,
            boolean direct,
            boolean withProtocol) {
        this(target, context, suite, direct, withProtocol, false);
    }

    private TlsTunnel(
            InetSocketAddress target,
            SSLContext context,
            String suite,
            boolean direct,
            boolean withProtocol,
            boolean impostor) {
        this.target = target;
        this.context = context;
        this.suite = suite;
        this.direct = direct;
        this.withProtocol = withProtocol;
        this.impostor = impostor;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().start(this::accept);
    }

    public static TlsTunnel to(InetSocketAddress target) {
        return new TlsTunnel(target, context(new KeyManager[0]), "", false, false);
    }

    /** With one cipher suite only, which implies the version. */
    public static TlsTunnel to(InetSocketAddress target, String suite) {
        return new TlsTunnel(target, context(new KeyManager[0]), suite, false, false);
    }

    /** Without SSLRequest, and with ALPN. */
    public static TlsTunnel direct(InetSocketAddress target) {
        return new TlsTunnel(target, context(new KeyManager[0]), "", true, true);
    }

    /** Without SSLRequest, and without ALPN. */
    public static TlsTunnel directWithoutProtocol(InetSocketAddress target) {
        return new TlsTunnel(target, context(new KeyManager[0]), "", true, false);
    }

    /** With a certificate of the client, of {@link Certificates}. */
    public static TlsTunnel to(InetSocketAddress target, Path certificate, Path key) {
        return new TlsTunnel(
                target, context(Certificates.keys(certificate, key)), "", false, false);
    }

    /**
     * One that stands between: it answers the SSLRequest of a client itself, with a certificate of
     * {@link Certificates}, and has a TLS connection of its own with the server.
     */
    public static TlsTunnel impostor(InetSocketAddress target, Path certificate, Path key) {
        return new TlsTunnel(
                target, context(Certificates.keys(certificate, key)), "", false, false, true);
    }

    /** The same with one cipher suite only, on both sides. */
    public static TlsTunnel impostor(
            InetSocketAddress target, Path certificate, Path key, String suite) {
        return new TlsTunnel(
                target, context(Certificates.keys(certificate, key)), suite, false, false, true);
    }

    private static SSLContext context(KeyManager[] keys) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.length == 0 ? null : keys, new TrustManager[] {new Trusting()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort());
    }

    /** What the server showed to the connection opened last. */
    public X509Certificate shown() {
        return shown;
    }

    /** What only the two ends of the connection opened last can derive (RFC 9266). */
    public byte[] exported() {
        try {
            return session.exportKeyingMaterialData("EXPORTER-Channel-Binding", new byte[0], 32);
        } catch (SSLKeyException e) {
            throw new IllegalStateException(e);
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                Thread.ofPlatform().daemon().start(() -> connect(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void connect(Socket accepted) {
        Socket client = accepted;
        try {
            if (impostor) {
                client = answer(accepted);
            }
            Socket plain = new Socket(target.getAddress(), target.getPort());
            open.add(plain);
            plain.setTcpNoDelay(true);
            if (!direct) {
                plain.getOutputStream().write(SSL_REQUEST);
                int answer = plain.getInputStream().read();
                if (answer != 'S') {
                    throw new IOException("no TLS: " + answer);
                }
            }
            SSLSocket secure =
                    (SSLSocket)
                            context.getSocketFactory()
                                    .createSocket(plain, "localhost", target.getPort(), true);
            open.add(secure);
            SSLParameters parameters = secure.getSSLParameters();
            restrict(parameters);
            if (withProtocol) {
                parameters.setApplicationProtocols(new String[] {"postgresql"});
            }
            secure.setSSLParameters(parameters);
            secure.startHandshake();
            session = (ExtendedSSLSession) secure.getSession();
            shown = (X509Certificate) secure.getSession().getPeerCertificates()[0];
            Socket near = client;
            Thread.ofPlatform().daemon().start(() -> pump(near, secure));
            pump(secure, client);
        } catch (IOException e) {
            close(client);
        }
    }

    private Socket answer(Socket accepted) throws IOException {
        accepted.getInputStream().readNBytes(SSL_REQUEST.length);
        accepted.getOutputStream().write('S');
        SSLSocket secure =
                (SSLSocket) context.getSocketFactory().createSocket(accepted, null, 0, true);
        secure.setUseClientMode(false);
        SSLParameters parameters = secure.getSSLParameters();
        restrict(parameters);
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    private void restrict(SSLParameters parameters) {
        if (!suite.isEmpty()) {
            parameters.setCipherSuites(new String[] {suite});
            boolean modern = !suite.contains("_WITH_");
            parameters.setProtocols(new String[] {modern ? "TLSv1.3" : "TLSv1.2"});
        }
    }

    private static void pump(Socket from, Socket to) {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException e) {
            // one end closed: so does the other
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(Closeable one) {
        try {
            one.close();
        } catch (IOException e) {
            // it is closed anyway
        }
    }

    @Override
    public void close() {
        close(listener);
        open.forEach(TlsTunnel::close);
    }

    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
