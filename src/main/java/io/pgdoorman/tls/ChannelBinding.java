package io.pgdoorman.tls;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;

/**
 * What ties a login to the TLS connection it is made on. Threads: any thread, because it has no
 * state.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5929#section-4">RFC 5929,
 *     tls-server-end-point</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9266">RFC 9266, tls-exporter</a>
 */
public final class ChannelBinding {
    /** The type's name in the RFC, and in SCRAM. */
    public static final String TLS_SERVER_END_POINT = "tls-server-end-point";

    /** The type's name in the RFC, and in SCRAM. */
    public static final String TLS_EXPORTER = "tls-exporter";

    private static final String EXPORTER_LABEL = "EXPORTER-Channel-Binding";
    private static final int EXPORTER_BYTES = 32;

    private ChannelBinding() {}

    /**
     * What only the two ends of this connection know. TLS 1.3 only: one of TLS 1.2 has it if it
     * uses extended master secrets, which the TLS library does not tell.
     *
     * @param exporter the connection's exporter_master_secret
     * @return 32 bytes
     */
    static byte[] tlsExporter(TlsSuite suite, byte[] exporter) {
        return KeySchedule.export(suite, exporter, EXPORTER_LABEL, EXPORTER_BYTES);
    }

    /**
     * The hash of the server's certificate, by the hash of its signature algorithm; SHA-256 instead
     * of MD5 and SHA-1. Empty if the signature has no hash of its own (Ed25519): then the RFC
     * defines no binding, PostgreSQL knows none, and SCRAM-SHA-256-PLUS cannot be used.
     *
     * @param certificate the server's, which at one end is our own and at the other the peer's
     */
    public static byte[] tlsServerEndPoint(X509Certificate certificate) {
        try {
            String hash = signatureHash(certificate);
            return hash.isEmpty()
                    ? new byte[0]
                    : MessageDigest.getInstance(hash).digest(certificate.getEncoded());
        } catch (GeneralSecurityException | IOException e) {
            return new byte[0]; // a hash this platform does not have
        }
    }

    /** As Java's digests are called; empty if there is none. */
    private static String signatureHash(X509Certificate certificate)
            throws GeneralSecurityException, IOException {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (signature.equals("RSASSA-PSS")) {
            var parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            parameters.init(certificate.getSigAlgParams());
            return parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
        }
        int end = signature.indexOf("WITH");
        String name = end < 0 ? "" : signature.substring(0, end);
        return switch (name) {
            case "MD5", "SHA1" -> "SHA-256";
            case "SHA224", "SHA256", "SHA384", "SHA512", "SHA512/224", "SHA512/256" ->
                    "SHA-" + name.substring(3);
            default -> name; // SHA3-256
        };
    }
}
