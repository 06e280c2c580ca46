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
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.EdECKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The certificates and the key that one side of the pooler uses, as they stood in their files when
 * they were read. Two are equal if what they read was.
 *
 * <p>Threads: immutable.
 */
public final class TlsFiles {
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
    private final List<X509CRL> revocations;
    private final List<TlsExpiry> expiries;
    private final List<String> warnings;

    private TlsFiles(
            String digest,
            List<X509Certificate> chain,
            @Nullable PrivateKey key,
            List<X509Certificate> authorities,
            List<X509CRL> revocations,
            List<TlsExpiry> expiries,
            List<String> warnings) {
        this.digest = digest;
        this.chain = chain;
        this.key = key;
        this.authorities = authorities;
        this.revocations = revocations;
        this.expiries = List.copyOf(expiries);
        this.warnings = List.copyOf(warnings);
    }

    /** Reads and checks. Blocks. */
    public static TlsFiles read(TlsPaths paths) throws TlsFilesException {
        return new Reading(paths).read();
    }

    /** One reading. Threads: confined to one call. */
    private static final class Reading {
        private final TlsPaths paths;
        private final MessageDigest digest;
        private final List<String> warnings = new ArrayList<>();
        private final List<TlsExpiry> expiries = new ArrayList<>();

        Reading(TlsPaths paths) {
            this.paths = paths;
            try {
                this.digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every Java platform has SHA-256
            }
        }

        TlsFiles read() throws TlsFilesException {
            List<X509Certificate> chain = List.of();
            PrivateKey key = null;
            if (paths.certificate().isPresent() && paths.privateKey().isPresent()) {
                Path certificate = paths.certificate().get();
                chain = certificates(certificate, TlsExpiry.Kind.CERTIFICATE);
                key = key(paths.privateKey().get());
                checkPair(chain.getFirst(), key, certificate, paths.privateKey().get());
            }
            digest.update((byte) 0);
            List<X509Certificate> trusted =
                    paths.authorities().isEmpty()
                            ? List.of()
                            : authorities(paths.authorities().get());
            digest.update((byte) 0);
            List<X509CRL> revoked =
                    paths.crl().isEmpty() ? List.of() : revocations(paths.crl().get());
            Instant now = Instant.now();
            expiries.forEach(one -> one.warning(now).ifPresent(warnings::add));
            return new TlsFiles(
                    HexFormat.of().formatHex(digest.digest()),
                    chain,
                    key,
                    trusted,
                    revoked,
                    expiries,
                    warnings);
        }

        private byte[] bytes(Path file) throws TlsFilesException {
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

        private List<X509Certificate> certificates(Path file, TlsExpiry.Kind kind)
                throws TlsFilesException {
            byte[] bytes = bytes(file);
            try {
                List<X509Certificate> all = Pem.certificates(bytes);
                all.forEach(one -> expiries.add(TlsExpiry.of(file, kind, one)));
                return all;
            } catch (GeneralSecurityException e) {
                throw new TlsFilesException(
                        "%s: not a certificate in PEM form: %s".formatted(file, e.getMessage()), e);
            }
        }

        private List<X509Certificate> authorities(Path file) throws TlsFilesException {
            List<X509Certificate> all = certificates(file, TlsExpiry.Kind.AUTHORITY);
            if (all.stream().noneMatch(TrustPath::isSelfSigned)) {
                throw new TlsFilesException(
                        "%s: no certificate in it is self-signed, so nothing can be trusted by it: add the root, which has issued %s or is above it"
                                .formatted(file, TrustPath.name(all.getLast())));
            }
            return all;
        }

        private List<X509CRL> revocations(Path place) throws TlsFilesException {
            List<Path> files = List.of(place);
            if (Files.isDirectory(place)) {
                try (Stream<Path> all = Files.list(place)) {
                    files = all.filter(Files::isRegularFile).sorted().toList();
                } catch (IOException e) {
                    throw new TlsFilesException(place + ": cannot be read: " + e.getMessage(), e);
                }
                if (files.isEmpty()) {
                    throw new TlsFilesException(place + ": there is no revocation list in it");
                }
            }
            List<X509CRL> all = new ArrayList<>();
            for (Path file : files) {
                byte[] bytes = bytes(file);
                try {
                    for (X509CRL one : Pem.revocations(bytes)) {
                        all.add(one);
                        if (one.getNextUpdate() != null) {
                            expiries.add(TlsExpiry.of(file, one));
                        }
                    }
                } catch (GeneralSecurityException e) {
                    throw new TlsFilesException(
                            "%s: not a revocation list (CRL): %s".formatted(file, e.getMessage()),
                            e);
                }
            }
            return List.copyOf(all);
        }

        private PrivateKey key(Path file) throws TlsFilesException {
            byte[] bytes = bytes(file);
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
                return Pem.privateKey(bytes, () -> passphrase(file));
            } catch (GeneralSecurityException e) {
                throw new TlsFilesException(file + ": " + e.getMessage(), e);
            }
        }

        private char[] passphrase(Path file) throws GeneralSecurityException {
            if (paths.passphrase().isEmpty()) {
                throw new GeneralSecurityException(
                        "the private key is encrypted, and there is nobody to ask for its"
                                + " passphrase: set tls_passphrase_command (towards PostgreSQL"
                                + " server_tls_passphrase_command)");
            }
            return paths.passphrase().get().run(file);
        }
    }

    private static void checkPair(
            X509Certificate certificate, PrivateKey key, Path certificateFile, Path keyFile)
            throws TlsFilesException {
        String kind =
                key instanceof EdECKey edwards ? edwards.getParams().getName() : key.getAlgorithm();
        String algorithm =
                switch (kind) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    case "Ed25519" -> kind;
                    default ->
                            throw new TlsFilesException(
                                    "%s: a key of the kind %s cannot be used for TLS; RSA, EC and Ed25519 can"
                                            .formatted(keyFile, kind));
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

    List<X509CRL> revocations() {
        return revocations;
    }

    /** Everything in the files that ends. */
    public List<TlsExpiry> expiries() {
        return expiries;
    }

    /** What an operator should know, a sentence each: expiry, permissions. */
    public List<String> warnings() {
        return warnings;
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
