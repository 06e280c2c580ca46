package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.NEW_CONNECTIONS;
import static io.pgdoorman.config.ReloadClass.POOL;
import static io.pgdoorman.config.ReloadClass.RESTART;

import java.nio.file.Path;

/** {@code [general]}: TLS on both sides. Threads: immutable. */
final class TlsKeys {
    static final KeyGroup CLIENT = new KeyGroup("TLS towards clients");

    static final Key<TlsMode> TLS_MODE =
            CLIENT.key("tls_mode", ValueTypes.words(TlsMode.class, "-", true))
                    .byDefault(TlsMode.ALLOW)
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "`allow` leaves the choice to the client, `require` refuses plain TCP,"
                                    + " `verify-full` also asks for a client certificate.");

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

    static final Key<Path> TLS_CA_CERT =
            CLIENT.key("tls_ca_cert", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/client-ca.crt\"")
                    .reload(NEW_CONNECTIONS)
                    .add("Authorities that sign client certificates, PEM.");

    static final Key<Integer> TLS_RATE_LIMIT_PER_SECOND =
            CLIENT.key("tls_rate_limit_per_second", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(RESTART)
                    .notInEffect()
                    .check(
                            (rate, rule) -> {
                                if (rate > 0 && rate < 100) {
                                    rule.error("must be 0 or at least 100, is " + rate);
                                } else if (rate % 100 != 0) {
                                    rule.error("must be a multiple of 100, is " + rate);
                                }
                            })
                    .add("Handshakes per second, a multiple of 100. 0 is no limit.");

    static final KeyGroup SERVER = new KeyGroup("TLS towards PostgreSQL");

    static final Key<ServerTlsMode> SERVER_TLS_MODE =
            SERVER.key("server_tls_mode", ValueTypes.words(ServerTlsMode.class, "-", false))
                    .byDefault(ServerTlsMode.ALLOW)
                    .reload(POOL)
                    .add("As libpq's sslmode. Unix sockets never use TLS.");

    static final Key<Path> SERVER_TLS_CA_CERT =
            SERVER.key("server_tls_ca_cert", ValueTypes.PATH)
                    .unset("none")
                    .example("\"/etc/pg_doorman/server-ca.crt\"")
                    .reload(POOL)
                    .add("Authorities that sign the server's certificate, PEM.");

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

    private TlsKeys() {}
}
