package io.pgdoorman.secret;

import io.pgdoorman.config.PasswordFrom;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where one password comes from. Two equal ones yield the same password. {@link Object#toString} is
 * fit for the log. Threads: immutable.
 */
public sealed interface SecretOrigin {
    /** The first line of a file. */
    record File(Path path) implements SecretOrigin {
        @Override
        public String toString() {
            return "file " + path;
        }
    }

    /** See {@link PasswordFrom.Command}. */
    record Command(String command, Duration timeout, Duration maxAge) implements SecretOrigin {
        /** The program alone: what follows may be meant for nobody's eyes. */
        @Override
        public String toString() {
            return "command " + command.strip().split("\\s", 2)[0];
        }
    }

    /** The entry of a password file for one login. */
    record PassFile(Path path, String host, int port, String database, String user)
            implements SecretOrigin {
        @Override
        public String toString() {
            return "password file " + path;
        }
    }

    /** A token in the name of {@code user}, signed with the private key in a file. */
    record TokenKey(Path path, String user) implements SecretOrigin {
        @Override
        public String toString() {
            return "key file " + path;
        }
    }

    /** How a configured password begins that names the private key of tokens. */
    String TOKEN_KEY_PREFIX = "jwt-priv-key-fpath:";

    /** What the configuration says, for one login. */
    static SecretOrigin of(PasswordFrom from, String host, int port, String database, String user) {
        return switch (from) {
            case PasswordFrom.File(Path path) -> new File(path);
            case PasswordFrom.Command(String command, Duration timeout, Duration maxAge) ->
                    new Command(command, timeout, maxAge);
            case PasswordFrom.PassFile(Path path) -> new PassFile(path, host, port, database, user);
        };
    }
}
