package io.pgdoorman.config;

/** Versions of TLS, the older first. Threads: immutable. */
public enum TlsVersion {
    TLSV1_2,
    TLSV1_3
}
