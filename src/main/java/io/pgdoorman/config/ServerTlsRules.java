package io.pgdoorman.config;

import java.nio.file.Path;

/** The rules of {@code server_tls_*}, the same in {@code [general]} and in pools. */
record ServerTlsRules(
        Values values,
        Key<ServerTlsMode> mode,
        Key<ServerTlsNegotiation> negotiation,
        Key<Path> caCert,
        Key<Path> certificate,
        Key<Path> privateKey,
        Key<Path> crl,
        Key<Secret> passphraseCommand) {

    void check(Problems problems) {
        ServerTlsMode effective = values.get(mode);
        boolean verifies =
                effective == ServerTlsMode.VERIFY_CA || effective == ServerTlsMode.VERIFY_FULL;
        if (verifies && values.find(caCert).isEmpty()) {
            error(
                    problems,
                    mode,
                    "is %s but server_tls_ca_cert is not set"
                            .formatted(mode.type().plain(effective)));
        }
        boolean required = verifies || effective == ServerTlsMode.REQUIRE;
        if (values.get(negotiation) == ServerTlsNegotiation.DIRECT && !required) {
            error(
                    problems,
                    negotiation,
                    "is direct, which server_tls_mode %s cannot be: it must be require or stronger"
                            .formatted(mode.type().plain(effective)));
        }
        boolean hasCertificate = values.find(certificate).isPresent();
        boolean hasKey = values.find(privateKey).isPresent();
        if (hasCertificate && !hasKey) {
            error(problems, certificate, "is set but server_tls_private_key is not");
        }
        if (hasKey && !hasCertificate) {
            error(problems, privateKey, "is set but server_tls_certificate is not");
        }
    }

    /** Whether the table says anything about TLS itself. */
    boolean given() {
        return values.own(mode).isPresent()
                || values.own(negotiation).isPresent()
                || values.own(caCert).isPresent()
                || values.own(certificate).isPresent()
                || values.own(privateKey).isPresent()
                || values.own(crl).isPresent()
                || values.own(passphraseCommand).isPresent();
    }

    private void error(Problems problems, Key<?> key, String message) {
        problems.error(values.position(key), values.name(key), message);
    }
}
