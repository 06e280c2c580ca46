package io.pgdoorman.migrate;

import java.security.SecureRandom;
import java.util.Base64;

/** Passwords for what must not be left open. Threads: no state. */
final class RandomPassword {
    private static final int BYTES = 18;

    private RandomPassword() {}

    /** Letters, digits, - and _, new each time. */
    static String next() {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        return Base64.getUrlEncoder().encodeToString(random);
    }
}
