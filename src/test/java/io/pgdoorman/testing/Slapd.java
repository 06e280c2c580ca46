package io.pgdoorman.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * OpenLDAP's server on 127.0.0.1, with the tree of {@link LdapServer}. Threads: confined to the
 * test's thread.
 */
public final class Slapd implements AutoCloseable {
    /** Where Debian has it, whatever the PATH of a user. */
    static final Path PROGRAM = Path.of("/usr/sbin/slapd");

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Path home;
    private final int port = Ports.free();
    private final int tlsPort = Ports.free();
    private ChildProcess process;

    private Slapd(Path home) {
        this.home = home;
    }

    /**
     * @param home an empty directory for its files
     * @param people names and passwords
     */
    public static Slapd start(Path home, Map<String, String> people) {
        Requirement.slapd();
        try {
            var slapd = new Slapd(home);
            Files.createDirectory(home.resolve("data"));
            // A profile of AppArmor is about the program at its own place.
            Files.copy(PROGRAM, home.resolve("slapd"), StandardCopyOption.COPY_ATTRIBUTES);
            Files.writeString(home.resolve("slapd.conf"), slapd.configuration());
            Files.writeString(home.resolve("tree.ldif"), tree(people));
            ChildProcess.run(
                    slapd.command("-T", "add", "-l", home.resolve("tree.ldif").toString()));
            slapd.run();
            return slapd;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private String configuration() {
        return """
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        modulepath /usr/lib/ldap
        moduleload back_mdb
        TLSCertificateFile %s
        TLSCertificateKeyFile %s
        database mdb
        suffix "%s"
        directory %s
        access to attrs=userPassword by anonymous auth by * none
        access to * by dn.exact="%s" read by * none
        """
                .formatted(
                        Certificates.copy("server.crt", home),
                        Certificates.copy("server.key", home),
                        LdapServer.BASE,
                        home.resolve("data"),
                        LdapServer.READER);
    }

    private static String tree(Map<String, String> people) {
        var ldif =
                new StringBuilder(
                        """
                        dn: %s
                        objectClass: domain
                        dc: example

                        dn: %s
                        objectClass: organizationalUnit
                        ou: people

                        dn: %s
                        objectClass: organizationalRole
                        objectClass: simpleSecurityObject
                        cn: reader
                        userPassword: %s
                        """
                                .formatted(
                                        LdapServer.BASE,
                                        LdapServer.PEOPLE,
                                        LdapServer.READER,
                                        LdapServer.READER_PASSWORD));
        people.forEach(
                (uid, password) ->
                        ldif.append(
                                """

                                dn: uid=%s,%s
                                objectClass: account
                                objectClass: simpleSecurityObject
                                uid: %s
                                userPassword: %s
                                """
                                        .formatted(uid, LdapServer.PEOPLE, uid, password)));
        return ldif.toString();
    }

    private List<String> command(String... more) {
        List<String> words = new ArrayList<>();
        words.add(home.resolve("slapd").toString());
        words.addAll(List.of(more)); // the name of a tool has to be the first
        words.addAll(List.of("-f", home.resolve("slapd.conf").toString()));
        return words;
    }

    private void run() {
        String addresses = "ldap://127.0.0.1:%d/ ldaps://127.0.0.1:%d/".formatted(port, tlsPort);
        process = ChildProcess.start(command("-d", "0", "-h", addresses), Map.of(), home);
        await().atMost(LIMIT).until(() -> Ports.takesConnections(tlsPort) || !process.isAlive());
        if (!process.isAlive()) {
            throw new IllegalStateException("slapd: " + process.output());
        }
    }

    /** Closes its connections and is there again. */
    public void restart() {
        close();
        run();
    }

    public int port() {
        return port;
    }

    /** Of ldaps. */
    public int tlsPort() {
        return tlsPort;
    }

    @Override
    public void close() {
        process.signal("TERM");
        process.awaitExit(LIMIT);
        process.close();
    }
}
