package io.pgdoorman.tls;

import java.io.Serial;

/** A certificate or key of the configuration cannot be used: which file, why, what to do. */
public final class TlsFilesException extends Exception {
    @Serial private static final long serialVersionUID = 1;

    TlsFilesException(String message, Throwable cause) {
        super(message, cause);
    }

    TlsFilesException(String message) {
        super(message);
    }
}
