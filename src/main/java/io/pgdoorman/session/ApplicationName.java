package io.pgdoorman.session;

import io.pgdoorman.wire.WireStrings;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorFields;
import io.pgdoorman.wire.backend.NoticeResponse;
import io.pgdoorman.wire.backend.Severity;

import java.util.Arrays;
import java.util.List;

/**
 * An application_name as PostgreSQL takes it: cut to the length of an identifier, what is not
 * printable ASCII written as {@code \xHH}. The servers of a pool are told it only when they meet
 * the client, but the client is told at its login.
 *
 * <p>Threads: immutable.
 *
 * @param reported what ParameterStatus says
 * @param notices what PostgreSQL says if it had to cut the name
 * @see <a
 *     href="https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-APPLICATION-NAME">application_name</a>
 */
record ApplicationName(String reported, List<BackendMessage> notices) {
    /** NAMEDATALEN less the terminator. */
    private static final int MAX_BYTES = 63;

    private static final String NAME_TOO_LONG = "42622";

    static ApplicationName of(String given) {
        byte[] bytes = WireStrings.toBytes(given);
        if (bytes.length <= MAX_BYTES) {
            return new ApplicationName(printable(bytes), List.of());
        }
        int length = MAX_BYTES;
        while (length > 0 && (bytes[length] & 0xC0) == 0x80) {
            length--; // not in the middle of a character
        }
        byte[] cut = Arrays.copyOf(bytes, length);
        var notice =
                new NoticeResponse(
                        ErrorFields.of(
                                Severity.NOTICE,
                                NAME_TOO_LONG,
                                "identifier \"%s\" will be truncated to \"%s\""
                                        .formatted(given, WireStrings.toText(cut))));
        return new ApplicationName(printable(cut), List.of(notice));
    }

    private static String printable(byte[] bytes) {
        var text = new StringBuilder();
        for (byte b : bytes) {
            if (b >= 0x20 && b < 0x7F) {
                text.append((char) b);
            } else {
                text.append("\\x%02x".formatted(b & 0xFF));
            }
        }
        return text.toString();
    }
}
