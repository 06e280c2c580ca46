package io.pgdoorman.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CRL;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Certificates and keys as they stand in files. Threads: no state.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7468">RFC 7468</a>
 */
public final class Pem {
    private static final Pattern KEY =
            Pattern.compile(
                    "-----BEGIN ([A-Z ]*PRIVATE KEY)-----(.*?)-----END \\1-----", Pattern.DOTALL);

    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    private static final byte[] EC_OID = HexFormat.of().parseHex("06072a8648ce3d0201");

    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int EC_PARAMETERS = 0xa0;

    private Pem() {}

    /** All certificates of a file, in its order. */
    static List<X509Certificate> certificates(byte[] file) throws GeneralSecurityException {
        List<X509Certificate> chain =
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(new ByteArrayInputStream(file))
                        .stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        if (chain.isEmpty()) {
            throw new GeneralSecurityException("there is no certificate in it");
        }
        return chain;
    }

    /** All revocation lists of a file. */
    static List<X509CRL> revocations(byte[] file) throws GeneralSecurityException {
        Collection<? extends CRL> all =
                CertificateFactory.getInstance("X.509")
                        .generateCRLs(new ByteArrayInputStream(file));
        if (all.isEmpty()) {
            throw new GeneralSecurityException("there is no revocation list in it");
        }
        return all.stream().map(X509CRL.class::cast).toList();
    }

    /** Asked for a passphrase, if a key needs one. */
    @FunctionalInterface
    interface Passphrases {
        /**
         * @return overwritten after use
         */
        char[] ask() throws GeneralSecurityException;
    }

    /** The first private key of a file: PKCS#8, or what OpenSSL wrote before that. */
    public static PrivateKey privateKey(byte[] file) throws GeneralSecurityException {
        return privateKey(
                file,
                () -> {
                    throw new GeneralSecurityException(
                            "the private key has a passphrase, which nobody is asked for here");
                });
    }

    /** The same, of a key that may have a passphrase. */
    static PrivateKey privateKey(byte[] file, Passphrases passphrases)
            throws GeneralSecurityException {
        Matcher matcher = KEY.matcher(new String(file, StandardCharsets.ISO_8859_1));
        if (!matcher.find()) {
            throw new GeneralSecurityException("there is no private key in PEM form in it");
        }
        String label = matcher.group(1);
        if (matcher.group(2).contains("ENCRYPTED")) {
            throw new GeneralSecurityException(
                    "the private key is encrypted in OpenSSL's old form, which is not supported;"
                            + " write it as PKCS#8 (openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE"
                            + " -out FILE.pk8)");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(matcher.group(2));
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException("the private key is not well-formed base64", e);
        }
        try {
            byte[] pkcs8 =
                    switch (label) {
                        case "PRIVATE KEY" -> der;
                        case "ENCRYPTED PRIVATE KEY" -> decrypt(der, passphrases);
                        case "RSA PRIVATE KEY" ->
                                element(SEQUENCE, VERSION_0, RSA, element(OCTETS, der));
                        case "EC PRIVATE KEY" ->
                                element(
                                        SEQUENCE,
                                        VERSION_0,
                                        element(SEQUENCE, EC_OID, curve(der)),
                                        element(OCTETS, der));
                        default ->
                                throw new GeneralSecurityException(
                                        "a %s is not supported; write it as PKCS#8 (openssl pkey)"
                                                .formatted(label));
                    };
            return decode(pkcs8);
        } catch (RuntimeException e) {
            throw new GeneralSecurityException("the private key is damaged", e);
        }
    }

    /** PBES2 (RFC 8018), as far as the JDK has it: HMAC and AES. */
    private static byte[] decrypt(byte[] der, Passphrases passphrases)
            throws GeneralSecurityException {
        EncryptedPrivateKeyInfo encrypted;
        Cipher cipher;
        SecretKeyFactory factory;
        String algorithm;
        try {
            encrypted = new EncryptedPrivateKeyInfo(der);
            algorithm =
                    encrypted.getAlgName().equals("PBES2")
                            ? encrypted.getAlgParameters().toString()
                            : encrypted.getAlgName();
            cipher = Cipher.getInstance(algorithm);
            factory = SecretKeyFactory.getInstance(algorithm);
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw new GeneralSecurityException(
                    "the private key is encrypted in a way that is not supported; use AES (openssl"
                            + " pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out FILE.pk8)",
                    e);
        }
        char[] passphrase = passphrases.ask();
        var spec = new PBEKeySpec(passphrase);
        Arrays.fill(passphrase, '\0');
        try {
            SecretKey key = factory.generateSecret(spec);
            cipher.init(Cipher.DECRYPT_MODE, key, encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher).getEncoded();
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new GeneralSecurityException(
                    "the private key cannot be decrypted: the passphrase is wrong, or the file is"
                            + " damaged",
                    e);
        } finally {
            spec.clearPassword();
        }
    }

    private static PrivateKey decode(byte[] pkcs8) throws GeneralSecurityException {
        GeneralSecurityException last = null;
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                last = e;
            }
        }
        throw new GeneralSecurityException("neither an RSA nor an EC key", last);
    }

    /** The curve's OID from an ECPrivateKey (RFC 5915). */
    private static byte[] curve(byte[] der) throws GeneralSecurityException {
        var in = ByteBuffer.wrap(der);
        in.get();
        length(in);
        while (in.hasRemaining()) {
            int tag = in.get() & 0xff;
            byte[] value = new byte[length(in)];
            in.get(value);
            if (tag == EC_PARAMETERS) {
                return value;
            }
        }
        throw new GeneralSecurityException("the EC key does not name its curve");
    }

    private static int length(ByteBuffer in) {
        int first = in.get() & 0xff;
        int length = first;
        if (first > 0x80) {
            length = 0;
            for (int i = 0; i < first - 0x80; i++) {
                length = (length << 8) | (in.get() & 0xff);
            }
        }
        return length;
    }

    /** Tag, length (always of the long form, two bytes), value. */
    private static byte[] element(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer out = ByteBuffer.allocate(4 + length);
        out.put((byte) tag).put((byte) 0x82).putShort((short) length);
        for (byte[] part : parts) {
            out.put(part);
        }
        return out.array();
    }
}
