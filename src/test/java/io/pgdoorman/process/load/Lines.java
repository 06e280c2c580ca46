package io.pgdoorman.process.load;

import io.pgdoorman.testing.Message;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages as lines of text that a client can foretell and compare: the type, then what of the body
 * a client is told. Threads: pure functions.
 */
final class Lines {
    private Lines() {}

    /** {@code message} as one line; of errors and notices SQLSTATE and text. */
    static String of(Message message) {
        return switch (message.type()) {
            case 'T' -> "T " + String.join(",", columnNames(message));
            case 'D' -> "D " + String.join("|", message.columns());
            case 'C', 'd' -> message.type() + " " + message.text();
            case 'Z' -> "Z " + message.text();
            case 'E', 'N' ->
                    "%c %s %s".formatted(message.type(), message.sqlState(), message.field('M'));
            case 'S' -> "S " + message.text().replace('\0', '=');
            case 'A' -> notification(message);
            case 'G', 'H' -> Character.toString(message.type());
            default ->
                    message.body().length == 0 && !message.isEnd()
                            ? Character.toString(message.type())
                            : message.toString();
        };
    }

    /** The whole answer to a query for one row. */
    static List<String> row(String columns, String values, String tag, char status) {
        return List.of("T " + columns, "D " + values, "C " + tag, "Z " + status);
    }

    /** The whole answer to Parse, Bind, Describe and Execute of a query for one row. */
    static List<String> extendedRow(String columns, String values) {
        return List.of("1", "2", "T " + columns, "D " + values, "C SELECT 1");
    }

    private static String notification(Message message) {
        var body = ByteBuffer.wrap(message.body());
        int processId = body.getInt();
        String[] texts = StandardCharsets.UTF_8.decode(body).toString().split("\0", -1);
        return "A %d %s %s".formatted(processId, texts[0], texts[1]);
    }

    private static List<String> columnNames(Message message) {
        var body = ByteBuffer.wrap(message.body());
        int count = body.getShort();
        var names = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            int start = body.position();
            while (body.get() != 0) {
                // up to the end of the name
            }
            int length = body.position() - start - 1;
            names.add(new String(message.body(), start, length, StandardCharsets.UTF_8));
            body.position(body.position() + 18); // table, column, type, size, modifier, format
        }
        return names;
    }
}
