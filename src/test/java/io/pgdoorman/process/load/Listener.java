package io.pgdoorman.process.load;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One session listens, sometimes while it queries, and another notifies: each notification comes
 * once and in turn.
 */
final class Listener implements Scenario {
    /** In this time a notification that came twice would be there. */
    private static final Duration SILENCE = Duration.ofMillis(20);

    private final Seat seat;
    private final String channel;
    private final Deque<String> pending = new ArrayDeque<>();
    private Dialogue listening;
    private Dialogue notifying;
    private String notifier = "";
    private long sent;

    Listener(Seat seat) {
        this.seat = seat;
        channel = "channel_" + seat.number();
    }

    @Override
    public void open() {
        listening = seat.tcp().enter();
        notifying = seat.unix().enter();
        notifier = notifying.backendPid('I');
        listening.command("LISTEN " + channel, "LISTEN", 'I');
    }

    @Override
    public void round(long number) {
        int count = seat.random().nextInt(1, 6);
        for (int i = 0; i < count; i++) {
            String payload = "event " + sent++;
            notifying.command("NOTIFY %s, '%s'".formatted(channel, payload), "NOTIFY", 'I');
            pending.add("A %s %s %s".formatted(notifier, channel, payload));
            seat.pause(0, 15);
        }
        if (number % 2 == 0) {
            query(number);
        }
        while (!pending.isEmpty()) {
            notified(listening.read());
        }
        listening.silent(SILENCE);
        notifying.sameBackend(notifier, 'I');
    }

    /** Notifications may come before, within and behind the answer. */
    private void query(long number) {
        String sql = "SELECT " + number + " AS n";
        listening.send(Frontend.query(sql));
        List<Message> answer = new ArrayList<>();
        for (Message message : listening.client().readUntilReady()) {
            if (message.type() == 'A') {
                notified(message);
            } else {
                answer.add(message);
            }
        }
        Expect.messages(sql, Lines.row("n", Long.toString(number), "SELECT 1", 'I'), answer);
    }

    private void notified(Message message) {
        String expected = pending.isEmpty() ? "no notification" : pending.remove();
        Expect.message("notification", expected, message);
    }

    @Override
    public void finish() {
        listening.command("UNLISTEN *", "UNLISTEN", 'I');
        listening.leave();
        notifying.leave();
    }

    @Override
    public void close() {
        for (Dialogue dialogue : new Dialogue[] {listening, notifying}) {
            if (dialogue != null) {
                dialogue.close();
            }
        }
    }
}
