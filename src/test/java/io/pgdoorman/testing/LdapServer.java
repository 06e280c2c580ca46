package io.pgdoorman.testing;

import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.OperationType;
import com.unboundid.ldif.LDIFException;
import com.unboundid.util.ssl.PEMFileKeyManager;
import com.unboundid.util.ssl.SSLUtil;

import java.net.InetAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/**
 * A directory on 127.0.0.1 with people under {@link #PEOPLE}, who may not search: {@link #READER}
 * does. Threads: any.
 */
public final class LdapServer implements AutoCloseable {
    public static final String BASE = "dc=example,dc=net";
    public static final String PEOPLE = "ou=people," + BASE;
    public static final String READER = "cn=reader," + BASE;
    public static final String READER_PASSWORD = "reader secret";

    private final InMemoryDirectoryServer server;
    private final int port;

    private LdapServer(InMemoryDirectoryServer server) {
        this.server = server;
        this.port = server.getListenPort();
    }

    /** Without TLS. */
    public static LdapServer start() {
        return start(0);
    }

    /**
     * @param port 0 for any
     */
    public static LdapServer start(int port) {
        try {
            return start(
                    InMemoryListenerConfig.createLDAPConfig(
                            "plain", InetAddress.getLoopbackAddress(), port, null));
        } catch (LDAPException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @param certificate name of one of {@link Certificates}, with its key beside it
     * @param directory where its files may be put
     * @param fromTheStart TLS, or StartTLS
     */
    public static LdapServer start(String certificate, Path directory, boolean fromTheStart) {
        try {
            var keys =
                    new PEMFileKeyManager(
                            Certificates.copy(certificate + ".crt", directory).toFile(),
                            Certificates.copy(certificate + ".key", directory).toFile());
            var tls = new SSLUtil(keys, null);
            InetAddress address = InetAddress.getLoopbackAddress();
            return start(
                    fromTheStart
                            ? InMemoryListenerConfig.createLDAPSConfig(
                                    "ldaps",
                                    address,
                                    0,
                                    tls.createSSLServerSocketFactory(),
                                    tls.createSSLSocketFactory())
                            : InMemoryListenerConfig.createLDAPConfig(
                                    "starttls", address, 0, tls.createSSLSocketFactory()));
        } catch (LDAPException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static LdapServer start(InMemoryListenerConfig listener) {
        try {
            var config = new InMemoryDirectoryServerConfig(BASE);
            config.setSchema(null);
            config.setListenerConfigs(listener);
            config.setAuthenticationRequiredOperationTypes(OperationType.SEARCH);
            config.addAdditionalBindCredentials(READER, READER_PASSWORD);
            var server = new InMemoryDirectoryServer(config);
            server.add("dn: " + BASE, "objectClass: domain");
            server.add("dn: " + PEOPLE, "objectClass: organizationalUnit");
            server.startListening();
            return new LdapServer(server);
        } catch (LDAPException | LDIFException e) {
            throw new IllegalStateException(e);
        }
    }

    /** With the mail address {@code uid@example.net}. */
    public LdapServer person(String uid, String password) {
        return entry("uid=%s,%s".formatted(uid, PEOPLE), uid, uid + "@example.net", password);
    }

    public LdapServer entry(String dn, String uid, String mail, String password) {
        try {
            server.add(
                    "dn: " + dn,
                    "objectClass: account",
                    "uid: " + uid,
                    "mail: " + mail,
                    "userPassword: " + password);
            return this;
        } catch (LDAPException | LDIFException e) {
            throw new IllegalStateException(e);
        }
    }

    public int port() {
        return port;
    }

    /** Connections are closed and new ones refused. */
    public void stop() {
        server.shutDown(true);
    }

    @Override
    public void close() {
        stop();
    }
}
