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
        Optional<Secret> passphraseCommand) {

    /** As libpq has it, {@code require} with a file of authorities is {@code verify-ca}. */
    public ServerTlsMode effectiveMode() {
        return mode == ServerTlsMode.REQUIRE && caCert.isPresent() ? ServerTlsMode.VERIFY_CA : mode;
    }

    /** Whether PostgreSQL's certificate is checked. */
    public boolean verifies() {
        return switch (effectiveMode()) {
            case DISABLE, ALLOW, PREFER, REQUIRE -> false;
            case VERIFY_CA, VERIFY_FULL -> true;
        };
    }
}
