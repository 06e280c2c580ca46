package io.pgdoorman.tls;

import java.security.cert.CertificateException;

import javax.net.ssl.SSLException;

/** Says of a failed handshake what an operator can do something with. Threads: no state. */
final class HandshakeFailure {
    /**
     * BoringSSL's client does not offer to check signatures by such keys, and tcnative has no call
     * for {@code SSL_CTX_set_verify_algorithm_prefs}.
     */
    private static final String NOTHING_IN_COMMON =
            "the server ended the handshake (handshake_failure): it has no cipher suite or group in"
                    + " common with this side, or no certificate that is supported; those with keys"
                    + " on Ed25519 or P-521 are not supported, use RSA, or EC on P-256 or P-384";

    private HandshakeFailure() {}

    /**
     * With the message of the innermost cause, if that is about a certificate.
     *
     * @param ofServer the peer is a server
     */
    static Throwable told(Throwable cause, boolean ofServer) {
        for (Throwable inner = cause.getCause(); inner != null; inner = inner.getCause()) {
            if (inner instanceof CertificateException && inner.getMessage() != null) {
                return new SSLException(inner.getMessage(), cause);
            }
        }
        String message = String.valueOf(cause.getMessage());
        if (ofServer && message.endsWith(":SSLV3_ALERT_HANDSHAKE_FAILURE")) {
            return new SSLException(NOTHING_IN_COMMON);
        }
        if (message.startsWith("error:00000000:")) { // the library has found it, but no word for it
            return new SSLException("the peer sent a malformed handshake message");
        }
        return cause;
    }
}
