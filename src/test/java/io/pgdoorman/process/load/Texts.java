package io.pgdoorman.process.load;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/** Contents to be sent and to be expected. Threads: pure functions. */
final class Texts {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 äπ€";

    private Texts() {}

    /** Letters of one to three bytes, nothing that SQL or COPY would take for syntax. */
    static String random(RandomGenerator random, int length) {
        var text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return text.toString();
    }

    /** As PostgreSQL's md5(). */
    static String md5(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
