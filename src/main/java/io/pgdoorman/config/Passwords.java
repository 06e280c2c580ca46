package io.pgdoorman.config;

import java.util.Base64;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The forms of stored secrets. No message contains any part of one. Threads: any thread, because it
 * has no state.
 *
 * @see <a href="https://www.postgresql.org/docs/current/catalog-pg-authid.html">pg_authid</a>
 */
final class Passwords {
    private static final Pattern MD5 = Pattern.compile("md5[0-9a-fA-F]{32}");
    private static final Pattern SCRAM =
            Pattern.compile("SCRAM-SHA-256\\$([0-9]{1,9}):([^:$]+)\\$([^:$]+):([^:$]+)");

    /** As servers' logins tell it: the mechanism alone may be a password. */
    private static final String VERIFIER_PREFIX = PasswordKind.SCRAM_PREFIX + "$";

    static final String JWT_PRIVATE_PREFIX = "jwt-priv-key-fpath:";
    private static final int SHA_256_BYTES = 32;

    private Passwords() {}

    /** What clients must prove. */
    static void check(Secret secret, Key.Rule rule) {
        String value = secret.reveal();
        switch (PasswordKind.of(secret)) {
            case MD5 -> {
                if (!MD5.matcher(value).matches()) {
                    rule.error("begins like an MD5 hash, but is not md5 and 32 hex digits");
                }
            }
            case SCRAM_SHA_256 -> {
                if (!isVerifier(value)) {
                    rule.error(
                            "begins like a SCRAM verifier, but is not"
                                    + " SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>");
                }
            }
            case JWT -> {
                if (value.length() == PasswordKind.JWT_PREFIX.length()) {
                    rule.error("names no file after " + PasswordKind.JWT_PREFIX);
                } else if (value.indexOf('\0') >= 0) {
                    rule.error("has a file name with a character that no path can have");
                }
            }
            case EMPTY, PLAIN -> {}
        }
    }

    /** What the pooler shows PostgreSQL. */
    static void checkServer(Secret secret, Key.Rule rule) {
        String value = secret.reveal();
        if (value.equals(JWT_PRIVATE_PREFIX)) {
            rule.error("names no file after " + JWT_PRIVATE_PREFIX);
        } else if (value.startsWith(VERIFIER_PREFIX)) {
            rule.error(
                    "is a SCRAM verifier, with which nobody can log in; write the password itself, or"
                            + " leave it out, and server_username or server_user with it, so that"
                            + " what clients prove is passed on");
        } else if (MD5.matcher(value).matches()) {
            rule.warning(
                    "is taken for the MD5 hash of the role and its password, which is of use only if"
                            + " PostgreSQL asks for MD5");
        }
    }

    /** Hex digits of MD5 hashes in lower case, as PostgreSQL writes them. */
    static Secret normalised(Secret secret) {
        String value = secret.reveal();
        return MD5.matcher(value).matches() ? Secret.of(value.toLowerCase(Locale.ROOT)) : secret;
    }

    private static boolean isVerifier(String value) {
        Matcher parts = SCRAM.matcher(value);
        return parts.matches()
                && Integer.parseInt(parts.group(1)) > 0
                && decodedLength(parts.group(2)) > 0
                && decodedLength(parts.group(3)) == SHA_256_BYTES
                && decodedLength(parts.group(4)) == SHA_256_BYTES;
    }

    /** Bytes of a Base64 text, or -1. */
    private static int decodedLength(String base64) {
        try {
            return Base64.getDecoder().decode(base64).length;
        } catch (IllegalArgumentException notBase64) {
            return -1;
        }
    }
}
