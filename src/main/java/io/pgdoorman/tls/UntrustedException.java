package io.pgdoorman.tls;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;

import java.io.Serial;
import java.security.cert.CertificateException;

/** A peer's certificate is not good; the message is for an operator. */
final class UntrustedException extends CertificateException {
    @Serial private static final long serialVersionUID = 1;

    /** What the peer is told. */
    enum Fault {
        UNKNOWN_AUTHORITY,
        EXPIRED,
        NOT_YET_VALID,
        NO_AUTHORITY,
        WRONG_USAGE,
        REVOKED,
        NO_REVOCATION_LIST,
        WRONG_HOST,
        OTHER;

        /** The library has to be loaded. */
        private int code() {
            return switch (this) {
                case UNKNOWN_AUTHORITY ->
                        CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
                case EXPIRED -> CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
                case NOT_YET_VALID -> CertificateVerifier.X509_V_ERR_CERT_NOT_YET_VALID;
                case NO_AUTHORITY -> CertificateVerifier.X509_V_ERR_INVALID_CA;
                case WRONG_USAGE -> CertificateVerifier.X509_V_ERR_INVALID_PURPOSE;
                case REVOKED -> CertificateVerifier.X509_V_ERR_CERT_REVOKED;
                case NO_REVOCATION_LIST -> CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_CRL;
                case WRONG_HOST -> CertificateVerifier.X509_V_ERR_HOSTNAME_MISMATCH;
                case OTHER -> CertificateVerifier.X509_V_ERR_CERT_REJECTED;
            };
        }
    }

    private final Fault fault;

    UntrustedException(Fault fault, String message) {
        super(message);
        this.fault = fault;
    }

    /** The same for BoringSSL, which sends the alert that OpenSSL would. */
    CertificateException withAlert() {
        var told = new OpenSslCertificateException(getMessage(), fault.code());
        told.initCause(this);
        return told;
    }
}
