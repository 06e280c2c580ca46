package io.pgdoorman.tls;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The certificates and the key that one side of the pooler uses, as they stood in their files when
 * they were read. Two are equal if what they read was.
 *
 * <p>Threads: immutable.
 */
public final class TlsFiles {
    private static final Duration EXPIRY_WARNING = Duration.ofDays(30);

    private static final Set<PosixFilePermission> OF_OTHERS =
            Set.of(
                    PosixFilePermission.GROUP_READ,
                    PosixFilePermission.GROUP_WRITE,
                    PosixFilePermission.OTHERS_READ,
                    PosixFilePermission.OTHERS_WRITE);

    private final String digest;
    private final List<X509Certificate> chain;
    private final @Nullable PrivateKey key;
    private final List<X509Certificate> authorities;
    private final List<String> warnings;

    private TlsFiles(
            String digest,
            List<X509Certificate> chain,
            @Nullable PrivateKey key,
            List<X509Certificate> authorities,
            List<String> warnings) {
        this.digest = digest;
        this.chain = chain;
        this.key = key;
        this.authorities = authorities;
        this.warnings = warnings;
    }

    /**
     * Reads and checks.
     *
     * @param certificate own certificate first, then those that lead to its authority; PEM
     * @param privateKey of the own certificate; given exactly if {@code certificate} is
     * @param authorities whom the peer's certificate must come from; PEM
     */
    public static TlsFiles read(
            Optional<Path> certificate, Optional<Path> privateKey, Optional<Path> authorities)
            throws TlsFilesException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            List<String> warnings = new ArrayList<>();
            List<X509Certificate> chain = List.of();
            PrivateKey key = null;
            if (certificate.isPresent() && privateKey.isPresent()) {
                chain = certificates(certificate.get(), digest, warnings);
                key = key(privateKey.get(), digest, warnings);
                checkPair(chain.getFirst(), key, certificate.get(), privateKey.get());
            }
            digest.update((byte) 0);
            List<X509Certificate> trusted =
                    authorities.isEmpty()
                            ? List.of()
                            : certificates(authorities.get(), digest, warnings);
            return new TlsFiles(
                    HexFormat.of().formatHex(digest.digest()), chain, key, trusted, warnings);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has SHA-256
        }
    }

    private static byte[] bytes(Path file, MessageDigest digest) throws TlsFilesException {
        try {
            byte[] bytes = Files.readAllBytes(file);
            digest.update(bytes);
            return bytes;
        } catch (NoSuchFileException e) {
            throw new TlsFilesException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new TlsFilesException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static List<X509Certificate> certificates(
            Path file, MessageDigest digest, List<String> warnings) throws TlsFilesException {
        byte[] bytes = bytes(file, digest);
        try {
            List<X509Certificate> all = Pem.certificates(bytes);
            Instant end = all.getFirst().getNotAfter().toInstant();
            Instant now = Instant.now();
            if (end.isBefore(now)) {
                warnings.add("%s: the certificate expired at %s".formatted(file, end));
            } else if (end.isBefore(now.plus(EXPIRY_WARNING))) {
                warnings.add("%s: the certificate expires at %s".formatted(file, end));
            }
            return all;
        } catch (GeneralSecurityException e) {
            throw new TlsFilesException(
                    "%s: not a certificate in PEM form: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static PrivateKey key(Path file, MessageDigest digest, List<String> warnings)
            throws TlsFilesException {
        byte[] bytes = bytes(file, digest);
        try {
            if (Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)) {
                warnings.add(
                        "%s: others than its owner may read the private key (chmod 0600)"
                                .formatted(file));
            }
        } catch (IOException | UnsupportedOperationException e) {
            // It was read; a file system without permissions has none to warn of.
        }
        try {
            return Pem.privateKey(bytes);
        } catch (GeneralSecurityException e) {
            throw new TlsFilesException(file + ": " + e.getMessage(), e);
        }
    }

    private static void checkPair(
            X509Certificate certificate, PrivateKey key, Path certificateFile, Path keyFile)
            throws TlsFilesException {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        byte[] probe = {1, 2, 3};
        boolean fits;
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(probe);
            byte[] signature = signer.sign();
            Signature verifier = Signature.getInstance(algorithm);
            verifier.initVerify(certificate.getPublicKey());
            verifier.update(probe);
            fits = verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            fits = false;
        }
        if (!fits) {
            throw new TlsFilesException(
                    "%s: is not the key of the certificate in %s"
                            .formatted(keyFile, certificateFile));
        }
    }

    List<X509Certificate> chain() {
        return chain;
    }

    @Nullable PrivateKey key() {
        return key;
    }

    List<X509Certificate> authorities() {
        return authorities;
    }

    /** What an operator should know, a sentence each: expiry, permissions. */
    public List<String> warnings() {
        return warnings;
    }

    /** When the own certificate ends; empty if there is none. */
    public Optional<Instant> expires() {
        return chain.isEmpty()
                ? Optional.empty()
                : Optional.of(chain.getFirst().getNotAfter().toInstant());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TlsFiles that && digest.equals(that.digest);
    }

    @Override
    public int hashCode() {
        return digest.hashCode();
    }

    /** A digest of their content, for comparisons. */
    @Override
    public String toString() {
        return digest;
    }
}
