package io.pgdoorman.config;

import java.util.Optional;

/**
 * The cipher suites of TLS 1.2 whose connections can move to another process, the best first. Those
 * of TLS 1.3 are always on. Threads: immutable.
 */
public enum TlsCipherSuite {
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256("ECDHE-ECDSA-AES128-GCM-SHA256"),
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384("ECDHE-ECDSA-AES256-GCM-SHA384"),
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256("ECDHE-RSA-AES128-GCM-SHA256"),
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384("ECDHE-RSA-AES256-GCM-SHA384"),
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256("ECDHE-RSA-CHACHA20-POLY1305"),
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256("ECDHE-ECDSA-CHACHA20-POLY1305");

    private final String openSslName;

    TlsCipherSuite(String openSslName) {
        this.openSslName = openSslName;
    }

    /**
     * @param name in the registry, or OpenSSL's
     */
    static Optional<TlsCipherSuite> of(String name) {
        for (TlsCipherSuite suite : values()) {
            if (suite.name().equals(name) || suite.openSslName.equals(name)) {
                return Optional.of(suite);
            }
        }
        return Optional.empty();
    }
}
