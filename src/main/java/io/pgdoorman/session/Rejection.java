package io.pgdoorman.session;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/**
 * Why a client was turned away before its authentication. The codes are part of the handover's
 * format. Threads: immutable.
 */
public enum Rejection {
    /** The rules of pg_hba say so, or none fits. */
    HBA(1),
    /** What came is not the protocol. */
    PROTOCOL_ERROR(2),
    /** The startup packet asks for what there is not. */
    INVALID_STARTUP(3),
    /** See the setting {@code max_connections}. */
    TOO_MANY_CLIENTS(4),
    /** It came without TLS, see the setting {@code tls_mode}. */
    TLS_REQUIRED(5),
    /** The handshake of TLS failed. */
    TLS_HANDSHAKE_FAIL(6);

    private final int code;

    Rejection(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Null for one of a later version. */
    public static @Nullable Rejection of(int code) {
        for (Rejection reason : values()) {
            if (reason.code == code) {
                return reason;
            }
        }
        return null;
    }

    /** As in metrics. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
