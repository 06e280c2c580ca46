package io.pgdoorman.bench.load;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * All clients on one selector. The first are busy: a query follows the answer to the one before.
 * The next are silent: they speak when {@link #silent} was asked for. The last are connected to
 * PostgreSQL itself and send a query every few milliseconds; their pauses are those of the machine
 * and of this loop.
 *
 * <p>Threads: {@link #run} is the loop; {@link #execute} any thread.
 */
final class LoadLoop implements Runnable {
    /** What the loop notes about itself: how long it worked between two waits, if that was long. */
    static final int LOOP = -2;

    /** Of how many losses the reader is told; nobody may block on a full pipe. */
    static final int LOSSES_TOLD = 50;

    private static final long LONG_TURN = MILLISECONDS.toNanos(1);
    private static final long LONGEST_WAIT = MILLISECONDS.toNanos(100);

    final Recorder recorder = new Recorder(2_000_000);
    private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final Connection[] clients;
    private final Clients kinds;
    private final Selector selector;
    private final Pace busy;
    private final Pace direct;
    private Pace silent = new Pace(1);
    private boolean ended;
    private long turnBegan;
    private int lost;

    /**
     * How many of each kind, and nanoseconds between the answer and the next query of a busy and of
     * a direct client.
     */
    record Clients(int busy, int silent, int direct, long busyPause, long directPause) {
        int all() {
            return busy + silent + direct;
        }

        boolean isDirect(int client) {
            return client >= busy + silent;
        }
    }

    LoadLoop(Clients kinds, Connection[] clients) throws IOException {
        this.kinds = kinds;
        this.clients = clients;
        selector = Selector.open();
        busy = new Pace(Math.max(kinds.busy, 1));
        direct = new Pace(Math.max(kinds.direct, 1));
        for (Connection client : clients) {
            client.channel.configureBlocking(false);
            client.channel.register(selector, SelectionKey.OP_READ, client);
        }
        long now = System.nanoTime();
        for (int i = 0; i < kinds.busy; i++) {
            busy.add(i, now);
        }
        for (int i = 0; i < kinds.direct; i++) {
            direct.add(kinds.busy + kinds.silent + i, now + i * kinds.directPause / kinds.direct);
        }
    }

    void execute(Runnable command) {
        commands.add(command);
        selector.wakeup();
    }

    /** On the loop: each silent client sends one query at a moment of its own in this time. */
    void silent(long from, long to) {
        silent = Pace.atRandom(kinds.busy, kinds.silent, from, to);
    }

    /** On the loop: notes the queries that have no answer yet. */
    void noteWaiting() {
        for (Connection client : clients) {
            if (client.channel.isOpen() && client.isWaiting()) {
                recorder.add(client.id, client.sentAt(), 0);
            }
        }
    }

    /** On the loop: how many clients have been lost so far. */
    int lost() {
        return lost;
    }

    /** On the loop: the last turn. */
    void end() {
        ended = true;
    }

    @Override
    public void run() {
        try {
            while (!ended) {
                turn();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            for (Connection client : clients) {
                client.close();
            }
        }
    }

    private void turn() throws IOException {
        long wait = untilDue(System.nanoTime());
        turnBegan = 0;
        if (wait == 0) {
            selector.selectNow(this::readable);
        } else {
            selector.select(this::readable, Math.max(1, wait / MILLISECONDS.toNanos(1)));
        }
        long now = System.nanoTime();
        if (turnBegan == 0) {
            turnBegan = now;
        }
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
        sendDue(busy, now);
        sendDue(direct, now);
        sendDue(silent, now);
        now = System.nanoTime();
        if (now - turnBegan >= LONG_TURN) {
            recorder.add(LOOP, turnBegan, now);
        }
    }

    private long untilDue(long now) {
        return busy.untilDue(now, direct.untilDue(now, silent.untilDue(now, LONGEST_WAIT)));
    }

    private void readable(SelectionKey key) {
        if (turnBegan == 0) {
            turnBegan = System.nanoTime();
        }
        var client = (Connection) key.attachment();
        try {
            if (client.receive()) {
                answered(client, System.nanoTime());
            }
        } catch (IOException e) {
            lose(client, e);
        }
    }

    private void answered(Connection client, long now) throws IOException {
        recorder.add(client.id, client.sentAt(), now);
        if (kinds.isDirect(client.id)) {
            direct.add(client.id, now + kinds.directPause);
        } else if (client.id < kinds.busy) {
            if (kinds.busyPause == 0) {
                client.send();
            } else {
                busy.add(client.id, now + kinds.busyPause);
            }
        }
    }

    private void sendDue(Pace pace, long now) {
        for (int id = pace.due(now); id >= 0; id = pace.due(now)) {
            Connection client = clients[id];
            try {
                if (client.channel.isOpen() && !client.isWaiting()) {
                    client.send();
                }
            } catch (IOException e) {
                lose(client, e);
            }
        }
    }

    private void lose(Connection client, IOException cause) {
        if (++lost <= LOSSES_TOLD) {
            System.out.printf("lost %d %d %s%n", client.id, System.nanoTime(), cause.getMessage());
        }
        client.close();
    }
}
