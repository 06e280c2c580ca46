package io.pgdoorman.authority;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Sockets with TLS on which a server's certificate must be that of the host connected to, and a
 * handshake cannot last. The LDAP library by itself waits for a handshake for ever. Threads: any.
 */
final class LdapSockets extends SSLSocketFactory {
    private final SSLSocketFactory factory;
    private final int limitMillis;

    /**
     * @param factory knows whom to trust
     * @param limit for each answer of the server, until the library sets another
     */
    LdapSockets(SSLSocketFactory factory, Duration limit) {
        this.factory = factory;
        this.limitMillis = (int) limit.toMillis();
    }

    private Socket strict(Socket socket) throws IOException {
        if (!(socket instanceof SSLSocket tls)) {
            throw new IOException("not a TLS socket: " + socket.getClass().getName());
        }
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("LDAPS");
        tls.setSSLParameters(parameters);
        tls.setSoTimeout(limitMillis);
        return tls;
    }

    @Override
    public Socket createSocket() throws IOException {
        return strict(factory.createSocket());
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
            throws IOException {
        return strict(factory.createSocket(socket, host, port, autoClose));
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return strict(factory.createSocket(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress from, int fromPort)
            throws IOException {
        return strict(factory.createSocket(host, port, from, fromPort));
    }

    @Override
    public Socket createSocket(InetAddress address, int port) throws IOException {
        return strict(factory.createSocket(address, port));
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress from, int fromPort)
            throws IOException {
        return strict(factory.createSocket(address, port, from, fromPort));
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return factory.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return factory.getSupportedCipherSuites();
    }
}
