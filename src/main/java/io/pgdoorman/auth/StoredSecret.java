package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the pooler holds to check a client's password, in the forms of {@code pg_authid.rolpassword}
 * or as plain text. No form shows its content in {@link Object#toString}. Threads: immutable.
 *
 * @see <a href="https://www.postgresql.org/docs/current/catalog-pg-authid.html">pg_authid</a>
 */
public sealed interface StoredSecret {
    /** The password itself. */
    record Plain(Bytes password) implements StoredSecret {
        @Override
        public String toString() {
            return "Plain[***]";
        }
    }

    /** {@code md5} and 32 digits: hash of password and user name. */
    record Md5(String hash) implements StoredSecret {
        public Md5 {
            if (!Md5Password.isHash(hash)) {
                throw new IllegalArgumentException("not a stored MD5 password");
            }
            hash = hash.toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return "Md5[***]";
        }
    }

    /** A SCRAM-SHA-256 verifier. {@code iterations} is 1 to ten million, keys have 32 bytes. */
    record Scram(int iterations, Bytes salt, Bytes storedKey, Bytes serverKey)
            implements StoredSecret {
        public Scram {
            if (iterations < 1
                    || iterations > ScramSha256.MAX_ITERATIONS
                    || salt.length() == 0
                    || storedKey.length() != ScramSha256.KEY_BYTES
                    || serverKey.length() != ScramSha256.KEY_BYTES) {
                throw new IllegalArgumentException("SCRAM-SHA-256 secret out of bounds");
            }
        }

        /** That of a password, with a salt of its own. Costs milliseconds and more. */
        public static Scram of(Bytes password, int iterations, SecureRandom random) {
            byte[] salt = new byte[ScramSha256.SALT_BYTES];
            random.nextBytes(salt);
            Bytes salted = Bytes.copyOf(salt);
            ScramKeys keys = ScramKeys.derive(password, salted, iterations);
            return new Scram(iterations, salted, keys.storedKey(), keys.serverKey());
        }

        @Override
        public String toString() {
            return "Scram[iterations=" + iterations + ", ***]";
        }

        /** The form of {@code rolpassword}. Reveals the secret. */
        public String format() {
            Base64.Encoder base64 = Base64.getEncoder();
            return SCRAM_PREFIX
                    + iterations
                    + ':'
                    + base64.encodeToString(salt.toByteArray())
                    + '$'
                    + base64.encodeToString(storedKey.toByteArray())
                    + ':'
                    + base64.encodeToString(serverKey.toByteArray());
        }
    }

    /** The user's password is not ours to know. */
    record Delegated(Authority authority) implements StoredSecret {}

    /** The user has no password: admitted by trust alone. */
    record None() implements StoredSecret {}

    /**
     * Text that is meant to be a secret but cannot be used: admitted by trust alone. It never
     * counts as plain text, for then the text itself would be the password.
     *
     * @param reason for the log, without the secret
     */
    record Unusable(String reason) implements StoredSecret {}

    /** How PostgreSQL's stored SCRAM secrets begin. */
    String SCRAM_PREFIX = "SCRAM-SHA-256$";

    /** How a secret begins that names the public key of a token; only files may have such. */
    String JWT_PREFIX = "jwt-pkey-fpath:";

    Pattern SCRAM_REST = Pattern.compile("(\\d{1,9}):([^$:]+)\\$([^$:]+):([^$:]+)");

    /** Tells the form of a configured or fetched secret. Never throws. */
    static StoredSecret parse(String text) {
        if (text.isEmpty()) {
            return new None();
        }
        if (text.startsWith(SCRAM_PREFIX)) {
            return parseScram(text.substring(SCRAM_PREFIX.length()));
        }
        if (text.startsWith(JWT_PREFIX)) {
            return new Unusable("only a configuration file may name token keys");
        }
        if (text.indexOf('\0') >= 0) {
            return new Unusable("a password cannot contain NUL");
        }
        return Md5Password.isHash(text) ? new Md5(text) : new Plain(Bytes.ofText(text));
    }

    private static StoredSecret parseScram(String rest) {
        Matcher fields = SCRAM_REST.matcher(rest);
        if (fields.matches()) {
            try {
                return new Scram(
                        Integer.parseInt(fields.group(1)),
                        ScramAttributes.decodeBase64(fields.group(2)),
                        ScramAttributes.decodeBase64(fields.group(3)),
                        ScramAttributes.decodeBase64(fields.group(4)));
            } catch (IllegalArgumentException e) {
                return new Unusable("malformed SCRAM-SHA-256 secret");
            }
        }
        return new Unusable("malformed SCRAM-SHA-256 secret");
    }
}
