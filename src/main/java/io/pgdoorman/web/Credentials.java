package io.pgdoorman.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The account that may see metrics, against HTTP basic authentication. Threads: immutable.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7617">RFC 7617</a>
 */
public final class Credentials {
    private static final String SCHEME = "Basic ";

    private final byte[] expected;

    public Credentials(String user, String password) {
        expected = digest((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Whether these are its name and password. Takes as long for a wrong password as for the right
     * one.
     *
     * @param authorization the header's value
     */
    boolean admit(String authorization) {
        if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        try {
            String encoded = authorization.substring(SCHEME.length()).strip();
            byte[] given = digest(Base64.getDecoder().decode(encoded));
            return MessageDigest.isEqual(expected, given);
        } catch (IllegalArgumentException e) {
            return false; // not base64
        }
    }

    /** Of equal length whatever is compared. */
    private static byte[] digest(byte[] text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
