package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/**
 * SASLprep of passwords the way PostgreSQL applies it: what it refuses (bytes that are not UTF-8,
 * prohibited or unassigned characters, mixed directions, an empty result) is used as it is.
 * Threads: immutable, pure functions.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc4013">RFC 4013</a>
 */
final class SaslPrep {
    private SaslPrep() {}

    static Bytes normalize(Bytes password) {
        if (isAscii(password.toByteArray())) {
            // Nothing to map. Control characters would be prohibited, which comes to the same.
            return password;
        }
        String text;
        try {
            text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(password.toByteArray()))
                            .toString();
        } catch (CharacterCodingException e) {
            return password;
        }
        String prepared = prepare(text);
        return prepared == null ? password : Bytes.ofText(prepared);
    }

    /** Null if the profile refuses the text. */
    static @Nullable String prepare(String text) {
        String normalized = Normalizer.normalize(map(text), Normalizer.Form.NFKC);
        int[] codePoints = normalized.codePoints().toArray();
        if (codePoints.length == 0) {
            return null;
        }
        boolean rightToLeft = false;
        boolean leftToRight = false;
        for (int c : codePoints) {
            if (SaslPrepTable.PROHIBITED.contains(c) || SaslPrepTable.UNASSIGNED.contains(c)) {
                return null;
            }
            rightToLeft |= SaslPrepTable.RIGHT_TO_LEFT.contains(c);
            leftToRight |= SaslPrepTable.LEFT_TO_RIGHT.contains(c);
        }
        boolean wellDirected =
                !rightToLeft
                        || (!leftToRight
                                && SaslPrepTable.RIGHT_TO_LEFT.contains(codePoints[0])
                                && SaslPrepTable.RIGHT_TO_LEFT.contains(
                                        codePoints[codePoints.length - 1]));
        return wellDirected ? normalized : null;
    }

    private static String map(String text) {
        var mapped = new StringBuilder(text.length());
        text.codePoints()
                .forEach(
                        c -> {
                            if (SaslPrepTable.SPACE.contains(c)) {
                                mapped.append(' ');
                            } else if (!SaslPrepTable.NOTHING.contains(c)) {
                                mapped.appendCodePoint(c);
                            }
                        });
        return mapped.toString();
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }
}
