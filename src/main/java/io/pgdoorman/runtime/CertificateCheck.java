package io.pgdoorman.runtime;

import io.pgdoorman.config.Config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What there is to say of the certificates, keys and files of passwords that a configuration names,
 * without a start. Threads: immutable.
 *
 * @param error why the program would not start; names the file
 * @param warnings a sentence each
 */
public record CertificateCheck(Optional<String> error, List<String> warnings) {
    /** Reads the files. */
    public static CertificateCheck of(Config config) {
        try {
            List<String> warnings = new ArrayList<>(TlsSetup.of(config).warnings());
            warnings.addAll(ServerPasswords.warnings(config));
            Authorities.of(config, Runnable::run);
            return new CertificateCheck(Optional.empty(), List.copyOf(warnings));
        } catch (StartException e) {
            return new CertificateCheck(Optional.of(String.valueOf(e.getMessage())), List.of());
        }
    }
}
