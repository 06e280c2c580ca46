package io.pgdoorman.differential;

import io.pgdoorman.testing.Message;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What the clients of a sequence received, one line a message. Every byte counts, except what
 * cannot be equal: the cancel key, the process ID in NotificationResponse, the OID of a table or
 * type that the sequence itself creates, and the order of the ParameterStatus messages of a login,
 * which the protocol leaves open. Of a login that is refused, whether the refusal comes before or
 * after AuthenticationOk is left out too: the pooler logs in to the server before it answers.
 * Threads: confined to the test's thread.
 */
final class Transcript {
    /** The first OID that PostgreSQL gives to objects of users. */
    private static final int FIRST_NORMAL_OID = 16384;

    private final List<String> lines = new ArrayList<>();

    List<String> lines() {
        return lines;
    }

    void note(String client, String line) {
        lines.add(client + ": " + line);
    }

    void message(String client, Message message) {
        note(client, show(message));
    }

    void login(String client, List<Message> messages) {
        var parameters =
                messages.stream()
                        .filter(message -> message.type() == 'S')
                        .sorted(Comparator.comparing(Message::toString))
                        .toList();
        boolean refused = messages.getLast().type() == 'E';
        messages.stream()
                .filter(message -> message.type() != 'S' && !(refused && message.type() == 'R'))
                .forEach(message -> message(client, message));
        parameters.forEach(message -> message(client, message));
    }

    /**
     * As {@link #difference}, but of an ErrorResponse or NoticeResponse only severity and SQLSTATE
     * count, and where PostgreSQL closes without a word the pooler may say why.
     */
    static String differenceByCode(List<String> expected, List<String> actual) {
        var told = new ArrayList<String>();
        for (String line : actual) {
            String shortened = errorByCode(line);
            boolean silent =
                    told.size() < expected.size()
                            && expected.get(told.size()).endsWith(": (closed)");
            if (!(silent && shortened.contains(": E FATAL "))) {
                told.add(shortened);
            }
        }
        return difference(expected.stream().map(Transcript::errorByCode).toList(), told);
    }

    /**
     * An ErrorResponse or NoticeResponse without all that is worded freely; other lines as they
     * are.
     */
    private static String errorByCode(String line) {
        return line.replaceFirst(
                "^(\\w+: [EN] )S(\\w+)\\\\00(?:V\\w+\\\\00)?C(\\w+)\\\\00.*", "$1$2 $3");
    }

    /** The first line in which two transcripts differ, with the lines around it; or nothing. */
    static String difference(List<String> expected, List<String> actual) {
        int same = 0;
        while (same < expected.size()
                && same < actual.size()
                && expected.get(same).equals(actual.get(same))) {
            same++;
        }
        if (same == expected.size() && same == actual.size()) {
            return "";
        }
        return "%d lines alike, the last %s; then PostgreSQL %s; the pooler %s"
                .formatted(
                        same,
                        part(expected, same - 3, same),
                        part(expected, same, same + 6),
                        part(actual, same, same + 6));
    }

    private static List<String> part(List<String> lines, int from, int to) {
        return lines.subList(Math.clamp(from, 0, lines.size()), Math.clamp(to, 0, lines.size()));
    }

    private static String show(Message message) {
        return switch (message.type()) {
            case 'K' -> "K cancel key of %d bytes".formatted(message.body().length - 4);
            case 'A' -> new Message('A', withoutProcessId(message.body())).toString();
            case 'T' -> new Message('T', withoutUserOids(message.body())).toString();
            case 'E' -> withoutReader(message.toString());
            default -> message.toString();
        };
    }

    /**
     * Which message met the failed transaction: a server that has to prepare the statement first
     * meets it one message earlier.
     */
    private static String withoutReader(String error) {
        return error.contains("\\00C25P02\\00")
                ? error.replaceFirst(
                        "L\\d+\\\\00Rexec_(parse|bind|describe_statement)_message\\\\00", "")
                : error;
    }

    private static byte[] withoutProcessId(byte[] body) {
        byte[] copy = body.clone();
        Arrays.fill(copy, 0, 4, (byte) 0);
        return copy;
    }

    private static byte[] withoutUserOids(byte[] body) {
        var copy = ByteBuffer.wrap(body.clone());
        int columns = copy.getShort();
        for (int i = 0; i < columns; i++) {
            while (copy.get() != 0) {
                // the column's name
            }
            hideUserOid(copy, copy.position());
            hideUserOid(copy, copy.position() + 6);
            copy.position(copy.position() + 18);
        }
        return copy.array();
    }

    private static void hideUserOid(ByteBuffer body, int position) {
        if (Integer.toUnsignedLong(body.getInt(position)) >= FIRST_NORMAL_OID) {
            body.putInt(position, FIRST_NORMAL_OID);
        }
    }
}
