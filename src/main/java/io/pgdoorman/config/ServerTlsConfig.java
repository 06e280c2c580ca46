package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS towards PostgreSQL, as one pool uses it. Threads: immutable.
 *
 * @param caCert required by the verifying modes
 * @param certificate present exactly when {@code privateKey} is
 * @param crl certificates that are not taken any more
 * @param passphraseCommand writes the passphrase of the private key
 */
public record ServerTlsConfig(
        ServerTlsMode mode,
        ServerTlsNegotiation negotiation,
        Optional<Path> caCert,
        Optional<Path> certificate,
        Optional<Path> privateKey,
        Optional<Path> crl,
        Optional<Secret> passphraseCommand) {}
