package io.pgdoorman.session;

import io.pgdoorman.config.TlsMode;
import io.pgdoorman.tls.TlsContext;

import java.util.Optional;

/**
 * TLS towards clients. Threads: immutable.
 *
 * @param mode what is asked of clients that come by TCP
 * @param context empty if there is no certificate, and so no TLS
 */
public record ClientTls(TlsMode mode, Optional<TlsContext> context) {
    public static final ClientTls OFF = new ClientTls(TlsMode.DISABLE, Optional.empty());

    boolean isRequired() {
        return mode.isRequired();
    }
}
