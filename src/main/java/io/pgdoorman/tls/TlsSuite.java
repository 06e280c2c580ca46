package io.pgdoorman.tls;

import java.util.Arrays;
import java.util.List;

/**
 * The cipher suites in use: all of TLS 1.3 that BoringSSL has, and those of TLS 1.2 with forward
 * secrecy and authenticated encryption. Threads: immutable.
 *
 * @see <a href="https://www.iana.org/assignments/tls-parameters">Names and numbers</a>
 */
public enum TlsSuite {
    TLS_AES_128_GCM_SHA256(0x1301, 16, "SHA256"),
    TLS_AES_256_GCM_SHA384(0x1302, 32, "SHA384"),
    TLS_CHACHA20_POLY1305_SHA256(0x1303, 32, "SHA256"),
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256(0xC02B, 16, "SHA256"),
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384(0xC02C, 32, "SHA384"),
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256(0xC02F, 16, "SHA256"),
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384(0xC030, 32, "SHA384"),
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256(0xCCA8, 32, "SHA256"),
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256(0xCCA9, 32, "SHA256");

    static final int TAG_BYTES = 16;
    static final int NONCE_BYTES = 12;

    private final int id;
    private final int keyBytes;
    private final String hash;

    TlsSuite(int id, int keyBytes, String hash) {
        this.id = id;
        this.keyBytes = keyBytes;
        this.hash = hash;
    }

    /** Its number in the registry. */
    public int id() {
        return id;
    }

    /**
     * @throws TlsException if connections with that suite cannot be continued here
     */
    public static TlsSuite of(int id) throws TlsException {
        for (TlsSuite suite : values()) {
            if (suite.id == id) {
                return suite;
            }
        }
        throw new TlsException("cipher suite 0x%04x is not known".formatted(id));
    }

    /**
     * @param name as JSSE calls it
     */
    static TlsSuite of(String name) throws TlsException {
        try {
            return valueOf(name);
        } catch (IllegalArgumentException e) {
            throw new TlsException("cipher suite " + name + " is not one of those offered", e);
        }
    }

    /** Those of TLS 1.2, the best first. */
    public static List<TlsSuite> ofTls12() {
        return Arrays.stream(values()).filter(suite -> !suite.isTls13()).toList();
    }

    /** As JSSE calls them. */
    static List<String> namesOfTls13() {
        return Arrays.stream(values()).filter(TlsSuite::isTls13).map(TlsSuite::name).toList();
    }

    /** As PostgreSQL calls it. */
    public String version() {
        return isTls13() ? "TLSv1.3" : "TLSv1.2";
    }

    public boolean isTls13() {
        return id >> 8 == 0x13;
    }

    boolean isGcm() {
        return name().contains("_GCM_");
    }

    int keyBytes() {
        return keyBytes;
    }

    /** As in {@code HmacSHA256}. */
    String hash() {
        return hash;
    }

    int hashBytes() {
        return hash.equals("SHA384") ? 48 : 32;
    }

    /** Of the part of a nonce that is a secret of the connection, and not sent. */
    int fixedNonceBytes() {
        return !isTls13() && isGcm() ? 4 : NONCE_BYTES;
    }

    /** Of the part of a nonce that each record carries. */
    int explicitNonceBytes() {
        return NONCE_BYTES - fixedNonceBytes();
    }

    /** How long the secret of one direction is: a traffic secret, or key and fixed nonce. */
    int secretBytes() {
        return isTls13() ? hashBytes() : keyBytes + fixedNonceBytes();
    }
}
