package io.pgdoorman.tls;

import java.io.IOException;
import java.io.Serial;

/** The peer broke the rules of TLS, or a connection was tampered with: it is closed. */
public final class TlsException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    static final int UNEXPECTED_MESSAGE = 10;
    static final int BAD_RECORD_MAC = 20;
    static final int RECORD_OVERFLOW = 22;

    private final int alert;

    TlsException(String message) {
        this(UNEXPECTED_MESSAGE, message);
    }

    /**
     * @param alert what the peer is told (RFC 8446, 6.2)
     */
    TlsException(int alert, String message) {
        super(message);
        this.alert = alert;
    }

    TlsException(String message, Throwable cause) {
        this(UNEXPECTED_MESSAGE, message);
        initCause(cause);
    }

    int alert() {
        return alert;
    }
}
