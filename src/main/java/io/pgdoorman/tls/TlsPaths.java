package io.pgdoorman.tls;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the files of one side are. Threads: immutable.
 *
 * @param certificate own certificate first, then those that lead to its authority; PEM
 * @param privateKey of the own certificate; given exactly if {@code certificate} is
 * @param authorities whom the peer's certificate must come from; PEM
 * @param crl a file or a directory with the certificates of peers that are not taken any more
 * @param passphrase for a private key that is encrypted
 */
public record TlsPaths(
        Optional<Path> certificate,
        Optional<Path> privateKey,
        Optional<Path> authorities,
        Optional<Path> crl,
        Optional<PassphraseCommand> passphrase) {

    /** A certificate and its key, and nothing else. */
    public static TlsPaths of(
            Path certificate, Path privateKey, Optional<PassphraseCommand> passphrase) {
        return new TlsPaths(
                Optional.of(certificate),
                Optional.of(privateKey),
                Optional.empty(),
                Optional.empty(),
                passphrase);
    }

    /** Whom to trust, and nothing else. */
    public static TlsPaths ofAuthorities(Path file) {
        return new TlsPaths(
                Optional.empty(),
                Optional.empty(),
                Optional.of(file),
                Optional.empty(),
                Optional.empty());
    }
}
