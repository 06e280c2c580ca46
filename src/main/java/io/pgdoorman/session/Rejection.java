package io.pgdoorman.session;

import java.util.Locale;

/** Why a client was turned away before its authentication. Threads: immutable. */
public enum Rejection {
    /** The rules of pg_hba say so, or none fits. */
    HBA,
    /** What came is not the protocol. */
    PROTOCOL_ERROR,
    /** The startup packet asks for what there is not. */
    INVALID_STARTUP,
    /** See the setting {@code max_connections}. */
    TOO_MANY_CLIENTS;

    /** As in metrics. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
