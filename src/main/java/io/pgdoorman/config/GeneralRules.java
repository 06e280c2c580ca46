package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Rules of {@code [general]} and {@code [web]} that concern several keys. Threads: confined to one
 * load.
 */
record GeneralRules(Tree tree, Problems problems) {

    void check() {
        Values general = tree.general();
        checkClientTls(general);
        checkServerTls(general);
        checkHba(general);
        if (general.get(PoolDefaultKeys.PREPARED_STATEMENTS)
                && general.get(PoolDefaultKeys.PREPARED_STATEMENTS_CACHE_SIZE) == 0) {
            error(
                    general,
                    PoolDefaultKeys.PREPARED_STATEMENTS_CACHE_SIZE,
                    "must be > 0 while prepared_statements is true");
        }
        FallbackRules.check(
                general, FallbackKeys.FALLBACK_LIFETIME, FallbackKeys.FALLBACK_COOLDOWN, problems);
        tree.web().ifPresent(web -> checkWeb(web, general));
    }

    private void checkClientTls(Values general) {
        Optional<Path> certificate = general.own(TlsKeys.TLS_CERTIFICATE);
        Optional<Path> key = general.own(TlsKeys.TLS_PRIVATE_KEY);
        if (certificate.isPresent() && key.isEmpty()) {
            error(general, TlsKeys.TLS_CERTIFICATE, "is set but tls_private_key is not");
        }
        if (key.isPresent() && certificate.isEmpty()) {
            error(general, TlsKeys.TLS_PRIVATE_KEY, "is set but tls_certificate is not");
        }
        TlsMode mode = general.get(TlsKeys.TLS_MODE);
        if (mode.isRequired() && certificate.isEmpty() && key.isEmpty()) {
            error(
                    general,
                    TlsKeys.TLS_MODE,
                    "is %s but tls_certificate and tls_private_key are not set"
                            .formatted(TlsKeys.TLS_MODE.type().plain(mode)));
        }
        if (mode.isVerifying() && general.own(TlsKeys.TLS_CA_CERT).isEmpty()) {
            error(
                    general,
                    TlsKeys.TLS_MODE,
                    "is %s but tls_ca_cert is not set"
                            .formatted(TlsKeys.TLS_MODE.type().plain(mode)));
        }
        if (general.own(TlsKeys.TLS_CRL).isPresent()
                && general.own(TlsKeys.TLS_CA_CERT).isEmpty()) {
            error(general, TlsKeys.TLS_CRL, "is set but tls_ca_cert is not");
        }
        if (!tree.tlsCertificates().isEmpty() && certificate.isEmpty()) {
            Values first = tree.tlsCertificates().getFirst();
            problems.error(
                    first.source().position(),
                    first.path(),
                    "needs general.tls_certificate, for clients that ask for no name");
        }
        if (mode == TlsMode.DISABLE && certificate.isPresent()) {
            problems.warning(
                    general.position(TlsKeys.TLS_MODE),
                    general.name(TlsKeys.TLS_MODE),
                    "is disable, so the certificate is not used");
        }
    }

    private void checkServerTls(Values general) {
        new ServerTlsRules(
                        general,
                        TlsKeys.SERVER_TLS_MODE,
                        TlsKeys.SERVER_TLS_NEGOTIATION,
                        TlsKeys.SERVER_TLS_CA_CERT,
                        TlsKeys.SERVER_TLS_CERTIFICATE,
                        TlsKeys.SERVER_TLS_PRIVATE_KEY,
                        TlsKeys.SERVER_TLS_CRL,
                        TlsKeys.SERVER_TLS_PASSPHRASE_COMMAND)
                .check(problems);
    }

    private void checkHba(Values general) {
        boolean legacy =
                general.own(ListenKeys.HBA)
                        .filter(
                                hba ->
                                        !(hba instanceof HbaSource.Networks networks)
                                                || !networks.networks().isEmpty())
                        .isPresent();
        if (legacy && general.own(ListenKeys.PG_HBA).isPresent()) {
            error(general, ListenKeys.HBA, "cannot be set together with pg_hba");
        }
        if (legacy && general.own(ListenKeys.UNIX_SOCKET_DIR).isPresent()) {
            problems.warning(
                    general.position(ListenKeys.HBA),
                    general.name(ListenKeys.HBA),
                    "does not restrict the Unix socket; use pg_hba for that");
        }
    }

    private void checkWeb(Values web, Values general) {
        boolean open =
                general.own(ListenKeys.ADMIN_PASSWORD)
                        .filter(p -> p.isEmpty() || p.equals(Secret.of("admin")))
                        .isPresent();
        if (web.get(WebKeys.UI) && open) {
            problems.warning(
                    web.position(WebKeys.UI),
                    web.name(WebKeys.UI),
                    "stays off while admin_password is empty or \"admin\"");
        }
        if (web.get(WebKeys.SSO_ENABLED)) {
            if (web.own(WebKeys.SSO_PUBLIC_KEY_FILE).isEmpty()) {
                ssoStaysOff(web, "sso_public_key_file is missing");
            }
            if (web.get(WebKeys.SSO_AUDIENCE).isEmpty()) {
                ssoStaysOff(web, "sso_audience is empty");
            }
        }
    }

    private void ssoStaysOff(Values web, String why) {
        problems.warning(
                web.position(WebKeys.SSO_ENABLED),
                web.name(WebKeys.SSO_ENABLED),
                "stays off, " + why);
    }

    private void error(Values values, Key<?> key, String message) {
        problems.error(values.position(key), values.name(key), message);
    }
}
