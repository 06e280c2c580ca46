package io.pgdoorman.runtime;

import io.pgdoorman.config.Config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What there is to say of the certificates, keys, files of passwords and libraries that a
 * configuration needs, without a start. Threads: immutable.
 *
 * @param error why the program would not start; names the file, or who needs the library
 * @param warnings a sentence each
 */
public record CertificateCheck(Optional<String> error, List<String> warnings) {
    /** Reads the files. */
    public static CertificateCheck of(Config config) {
        try {
            List<String> warnings = new ArrayList<>(TlsSetup.of(config).prepare().warnings());
            warnings.addAll(ServerPasswords.warnings(config));
            Authorities.check(config);
            return new CertificateCheck(Optional.empty(), List.copyOf(warnings));
        } catch (StartException e) {
            return new CertificateCheck(Optional.of(String.valueOf(e.getMessage())), List.of());
        }
    }
}
