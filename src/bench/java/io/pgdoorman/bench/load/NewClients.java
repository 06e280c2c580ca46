package io.pgdoorman.bench.load;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * A new client every few milliseconds: it connects, logs in, sends one query and goes. What is
 * noted is the time from connect to the answer.
 *
 * <p>Threads: {@link #run} is one of its own, which blocks; the rest any.
 */
final class NewClients implements Runnable {
    static final int WHO = -3;

    private static final long EVERY = MILLISECONDS.toNanos(20);
    private static final int ID_IN_QUERY = 999_999;

    final Recorder recorder = new Recorder(50_000);
    private final int port;
    private final boolean tls;
    private volatile long began;
    private volatile int failed;

    NewClients(int port, boolean tls) {
        this.port = port;
        this.tls = tls;
    }

    /** When the client that has no answer yet began, or 0. */
    long began() {
        return began;
    }

    int failed() {
        return failed;
    }

    @Override
    public void run() {
        while (true) {
            long start = System.nanoTime();
            began = start;
            try {
                var client = Connection.open(WHO, port, tls, Query.simple(ID_IN_QUERY));
                try {
                    client.send();
                    while (!client.receive()) {}
                    recorder.add(WHO, start, System.nanoTime());
                } finally {
                    client.close();
                }
            } catch (IOException e) {
                failed = failed + 1;
                if (failed <= LoadLoop.LOSSES_TOLD) {
                    System.out.printf("lost %d %d %s%n", WHO, System.nanoTime(), e.getMessage());
                }
            }
            began = 0;
            LockSupport.parkNanos(EVERY);
        }
    }
}
