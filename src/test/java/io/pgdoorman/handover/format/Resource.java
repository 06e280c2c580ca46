package io.pgdoorman.handover.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Bytes that an earlier version of the program has written, in {@code src/test/resources/handover}.
 */
public final class Resource {
    private Resource() {}

    /**
     * @param name such as {@code v1/batch.hex}: hexadecimal digits, white space, and lines that
     *     begin with #
     */
    public static byte[] bytes(String name) {
        try (InputStream in = Resource.class.getResourceAsStream("/handover/" + name)) {
            if (in == null) {
                throw new IllegalArgumentException("no resource " + name);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            String digits = text.replaceAll("(?m)^#.*$", "").replaceAll("\\s", "");
            return HexFormat.of().parseHex(digits);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
