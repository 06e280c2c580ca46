package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.NEW_CONNECTIONS;
import static io.pgdoorman.config.ReloadClass.POOL;

import java.nio.file.Path;
import java.util.List;

/** {@code [general]}: TLS on both sides. Threads: immutable. */
final class TlsKeys {
    static final KeyGroup CLIENT = new KeyGroup("TLS towards clients");

    static final Key<TlsMode> TLS_MODE =
            CLIENT.key("tls_mode", ValueTypes.words(TlsMode.class, "-", true))
                    .byDefault(TlsMode.ALLOW)
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "`allow` leaves the choice to the client, `require` refuses plain TCP,"
                                    + " `verify-ca` and `verify-full` also ask for a client"
                                    + " certificate.");

    static final Key<Path> TLS_CERTIFICATE =
            CLIENT.key("tls_certificate", ValueTypes.PATH)
                    .unset("TLS is off")
                    .example("\"/etc/pg_doorman/server.crt\"")
                    .reload(NEW_CONNECTIONS)
                    .add("Certificate chain, PEM.");

    static final Key<Path> TLS_PRIVATE_KEY =
            CLIENT.key("tls_private_key", ValueTypes.PATH)
                    .unset("TLS is off")
                    .example("\"/etc/pg_doorman/server.key\"")
                    .reload(NEW_CONNECTIONS)
                    .add("Key of the certificate, PEM, PKCS#8.");

    static final Key<Secret> TLS_PASSPHRASE_COMMAND =
            CLIENT.key("tls_passphrase_command", ValueTypes.SECRET)
                    .unset("keys have no passphrase")
                    .example("\"cat /run/secrets/server.pass\"")
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Shell command that writes the passphrase of an encrypted private key to"
                                    + " its output, within ten seconds. It finds the key's path in"
                                    + " the environment variable `PG_DOORMAN_KEY_FILE`. It runs at"
                                    + " each start, reload and `-t`.");

    static final Key<Path> TLS_CA_CERT =
            CLIENT.key("tls_ca_cert", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/client-ca.crt\"")
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Authorities that sign client certificates, PEM: roots, and"
                                    + " intermediates that clients do not send.");

    static final Key<Path> TLS_CRL =
            CLIENT.key("tls_crl", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/client-ca.crl\"")
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Certificates of clients that are not taken any more: a file with"
                                    + " revocation lists (CRL), PEM or DER, or a directory of such"
                                    + " files. Every authority needs one.");

    static final Key<TlsVersion> TLS_MIN_VERSION =
            CLIENT.key("tls_min_version", new TlsTypes.Version())
                    .byDefault(TlsVersion.TLSV1_2)
                    .reload(NEW_CONNECTIONS)
                    .add("Clients with an older version are refused.");

    static final Key<List<TlsCipherSuite>> TLS_CIPHER_SUITES =
            CLIENT.key("tls_cipher_suites", new TlsTypes.Suites())
                    .byDefault(List.of(TlsCipherSuite.values()))
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Suites of TLS 1.2, the best first, by their names in the registry or in"
                                    + " OpenSSL. Those of TLS 1.3 are always on.");

    static final Key<Integer> TLS_RATE_LIMIT_PER_SECOND =
            CLIENT.key("tls_rate_limit_per_second", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(NEW_CONNECTIONS)
                    .check(
                            (rate, rule) -> {
                                if (rate > 0 && rate < 100) {
                                    rule.error("must be 0 or at least 100, is " + rate);
                                } else if (rate % 100 != 0) {
                                    rule.error("must be a multiple of 100, is " + rate);
                                }
                            })
                    .add(
                            "Handshakes per second, a multiple of 100; more wait, as long as"
                                    + " `login_timeout` lets them. 0 is no limit.");

    static final KeyGroup CERTIFICATES = new KeyGroup("Certificates by name");

    static final Key<Path> CERTIFICATE =
            CERTIFICATES
                    .key("certificate", ValueTypes.PATH)
                    .required()
                    .example("\"/etc/pg_doorman/db.example.org.crt\"")
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Certificate chain, PEM. It is shown to clients that ask (SNI) for one"
                                    + " of the DNS names in it; `*.example.org` stands for one"
                                    + " label more.");

    static final Key<Path> PRIVATE_KEY =
            CERTIFICATES
                    .key("private_key", ValueTypes.PATH)
                    .required()
                    .example("\"/etc/pg_doorman/db.example.org.key\"")
                    .reload(NEW_CONNECTIONS)
                    .add("Its key, PEM, PKCS#8; `tls_passphrase_command` is for this one too.");

    static final KeyGroup SERVER = new KeyGroup("TLS towards PostgreSQL");

    static final Key<ServerTlsMode> SERVER_TLS_MODE =
            SERVER.key("server_tls_mode", ValueTypes.words(ServerTlsMode.class, "-", false))
                    .byDefault(ServerTlsMode.ALLOW)
                    .reload(POOL)
                    .add(
                            "As libpq's sslmode: `require` with `server_tls_ca_cert` is `verify-ca`."
                                    + " Unix sockets never use TLS.");

    static final Key<ServerTlsNegotiation> SERVER_TLS_NEGOTIATION =
            SERVER.key(
                            "server_tls_negotiation",
                            ValueTypes.words(ServerTlsNegotiation.class, "-", false))
                    .byDefault(ServerTlsNegotiation.POSTGRES)
                    .reload(POOL)
                    .add(
                            "As libpq's sslnegotiation: `direct` begins with TLS at once, which takes"
                                    + " PostgreSQL 17 and a `server_tls_mode` of `require` or more.");

    static final Key<Path> SERVER_TLS_CA_CERT =
            SERVER.key("server_tls_ca_cert", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/server-ca.crt\"")
                    .reload(POOL)
                    .add(
                            "Authorities that sign the server's certificate, PEM: roots, and"
                                    + " intermediates that servers do not send.");

    static final Key<Path> SERVER_TLS_CERTIFICATE =
            SERVER.key("server_tls_certificate", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/client.crt\"")
                    .reload(POOL)
                    .add("Certificate shown to PostgreSQL, PEM.");

    static final Key<Path> SERVER_TLS_PRIVATE_KEY =
            SERVER.key("server_tls_private_key", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/client.key\"")
                    .reload(POOL)
                    .add("Key of that certificate, PEM, PKCS#8.");

    static final Key<Secret> SERVER_TLS_PASSPHRASE_COMMAND =
            SERVER.key("server_tls_passphrase_command", ValueTypes.SECRET)
                    .unset("the key has no passphrase")
                    .example("\"cat /run/secrets/client.pass\"")
                    .reload(POOL)
                    .add("Writes the passphrase of that key, as `tls_passphrase_command`.");

    static final Key<Path> SERVER_TLS_CRL =
            SERVER.key("server_tls_crl", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/server-ca.crl\"")
                    .reload(POOL)
                    .add("Revoked certificates of servers: a file, or a directory of such files.");

    private TlsKeys() {}
}
