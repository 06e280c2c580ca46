package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.WireStrings;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * PostgreSQL's MD5 password scheme: the stored form and the answer to a challenge. The stored form
 * is as good as the password for this scheme, so it is treated as a secret too. Threads: immutable,
 * pure functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/auth-password.html">Password
 *     Authentication</a>
 */
public final class Md5Password {
    /** Bytes of the salt in AuthenticationMD5Password. */
    public static final int SALT_BYTES = 4;

    private static final String PREFIX = "md5";
    private static final int STORED_CHARS = PREFIX.length() + 32;

    private Md5Password() {}

    /** The stored form, {@code md5} and 32 hexadecimal digits. */
    public static String hash(Bytes password, String user) {
        return PREFIX + digest(password.toByteArray(), WireStrings.toBytes(user));
    }

    /** The answer to a challenge, made from the stored form and the salt of the challenge. */
    public static String response(String storedHash, byte[] salt) {
        if (!isHash(storedHash)) {
            throw new IllegalArgumentException("not a stored MD5 password");
        }
        byte[] digits =
                storedHash
                        .substring(PREFIX.length())
                        .toLowerCase(Locale.ROOT)
                        .getBytes(StandardCharsets.US_ASCII);
        return PREFIX + digest(digits, salt);
    }

    /** Whether {@code text} has the stored form; digits of either case, as tools write both. */
    public static boolean isHash(String text) {
        return text.length() == STORED_CHARS
                && text.startsWith(PREFIX)
                && text.chars().skip(PREFIX.length()).allMatch(c -> HexFormat.isHexDigit(c));
    }

    private static String digest(byte[] first, byte[] second) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(first);
            md5.update(second);
            return HexFormat.of().formatHex(md5.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }
}
