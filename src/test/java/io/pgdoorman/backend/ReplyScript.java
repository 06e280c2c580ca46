package io.pgdoorman.backend;

import java.util.function.UnaryOperator;

/**
 * Plays what is sent and received to a {@link ReplyQueue}, written as in {@code ">P >S <1 <Z"}: a
 * {@code >} before the type of a message sent ({@code c} for CopyDone and CopyFail, {@code o} for
 * the pooler's own query), a {@code <} before that of one received.
 */
final class ReplyScript {
    private ReplyScript() {}

    static ReplyQueue play(String script) {
        return play(new ReplyQueue(), script, UnaryOperator.identity());
    }

    static ReplyQueue play(ReplyQueue queue, String script) {
        return play(queue, script, UnaryOperator.identity());
    }

    /**
     * @param between what happens to the queue after each event
     */
    static ReplyQueue play(ReplyQueue queue, String script, UnaryOperator<ReplyQueue> between) {
        ReplyQueue now = queue;
        for (String event : script.trim().split("\\s+")) {
            if (event.charAt(0) == '>') {
                sent(now, event.charAt(1));
            } else {
                received(now, event.charAt(1));
            }
            now = between.apply(now);
        }
        return now;
    }

    static void sent(ReplyQueue queue, char type) {
        switch (type) {
            case 'P', 'B', 'D', 'E', 'C' -> queue.sentExtended((byte) type);
            case 'S' -> queue.sentSync();
            case 'Q' -> queue.sentQuery();
            case 'F' -> queue.sentFunctionCall();
            case 'c' -> queue.sentCopyEnd();
            case 'o' -> queue.sentOwn();
            case 'd', 'H' -> {} // CopyData and Flush have no reply of their own
            default -> throw new IllegalArgumentException("sent " + type);
        }
    }

    static void received(ReplyQueue queue, char type) {
        switch (type) {
            case '1' -> queue.received(ReplyQueue.PARSE);
            case '2' -> queue.received(ReplyQueue.BIND);
            case '3' -> queue.received(ReplyQueue.CLOSE);
            case 'T', 'n' -> queue.received(ReplyQueue.DESCRIBE);
            case 'C', 'I', 's' -> queue.receivedExecuteEnd();
            case 'G' -> queue.receivedCopyIn();
            case 'E' -> queue.receivedError();
            case 'Z' -> queue.receivedReadyForQuery();
            case 'D', 'N', 'A', 'S', 'V', 't' -> {} // change nothing
            default -> throw new IllegalArgumentException("received " + type);
        }
    }
}
