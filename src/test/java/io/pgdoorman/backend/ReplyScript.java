package io.pgdoorman.backend;

import java.util.function.UnaryOperator;

/**
 * Plays what is sent and received to a {@link ReplyQueue}, written as in {@code ">P >S <1 <Z"}: a
 * {@code >} before the type of a message sent ({@code c} for CopyDone and CopyFail, {@code o} for
 * the pooler's own query; letters of {@link ReplyQueue} for messages about statements), a {@code <}
 * before that of one received, {@code <-} for one made up.
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
            case 'M' -> queue.sentExtended(ReplyQueue.MAPPED_PARSE);
            case 'U' -> queue.sentExtended(ReplyQueue.UNNAMED_PARSE);
            case 'i' -> queue.sentExtended(ReplyQueue.OWN_PARSE);
            case 'x' -> queue.sentExtended(ReplyQueue.OWN_CLOSE);
            case 'u' -> queue.sentExtended(ReplyQueue.UNNAMED_CLOSE);
            case 'b' -> queue.sentExtended(ReplyQueue.DEALLOCATING_BIND);
            case 'p' -> queue.skipped(ReplyQueue.SKIPPED_PARSE);
            case 'z' -> queue.skipped(ReplyQueue.SKIPPED_CLOSE);
            case 'k' -> queue.skipped(ReplyQueue.SKIPPED_DEALLOCATE);
            case 'K' -> queue.skipped(ReplyQueue.SKIPPED_DEALLOCATE_ALL);
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
            case '-' -> queue.takeSkipped(); // made up
            case 'D', 'N', 'A', 'S', 'V', 't' -> {} // change nothing
            default -> throw new IllegalArgumentException("received " + type);
        }
    }
}
