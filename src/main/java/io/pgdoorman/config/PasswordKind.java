package io.pgdoorman.config;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** What form a stored client secret has, told from its first characters. Threads: immutable. */
public enum PasswordKind {
    /** Admitted only by a trust rule. */
    EMPTY,
    PLAIN,
    MD5,
    SCRAM_SHA_256,
    /** The path of a public key that verifies the client's token. */
    JWT;

    static final String MD5_PREFIX = "md5";
    static final String SCRAM_PREFIX = "SCRAM-SHA-256";
    static final String JWT_PREFIX = "jwt-pkey-fpath:";

    /** The file of the public key, of {@link #JWT}. */
    public static Path keyFile(Secret secret) {
        return Path.of(secret.reveal().substring(JWT_PREFIX.length()));
    }

    public static PasswordKind of(Secret secret) {
        String value = secret.reveal();
        if (value.isEmpty()) {
            return EMPTY;
        }
        if (value.startsWith(SCRAM_PREFIX)) {
            return SCRAM_SHA_256;
        }
        if (value.startsWith(MD5_PREFIX)) {
            return MD5;
        }
        return value.startsWith(JWT_PREFIX) ? JWT : PLAIN;
    }

    /** Whether the secret is all that its first characters promise: a configuration may have it. */
    public static boolean isWellFormed(Secret secret) {
        var errors = new AtomicBoolean();
        Passwords.check(
                secret,
                new Key.Rule() {
                    @Override
                    public void error(String message) {
                        errors.set(true);
                    }

                    @Override
                    public void warning(String message) {}
                });
        return !errors.get();
    }
}
