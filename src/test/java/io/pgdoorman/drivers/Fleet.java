package io.pgdoorman.drivers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Clients of one driver, each with a connection and a thread of its own. They go through the rounds
 * of their work, through a handover under this load, and through the same rounds again.
 */
final class Fleet {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    /** One connection and what it is used for. */
    interface Client {
        /** Does some work and checks every answer. */
        void round(int number) throws Exception;

        void close() throws Exception;
    }

    /** Connects the client of this number. */
    interface Factory {
        Client connect(int number) throws Exception;
    }

    private final DriverPooler pooler;
    private final int rounds;
    private final CountDownLatch halfway = new CountDownLatch(DriverPooler.CLIENTS);
    private volatile boolean handedOver;

    private Fleet(DriverPooler pooler, int rounds) {
        this.pooler = pooler;
        this.rounds = rounds;
    }

    /**
     * Runs {@link DriverPooler#CLIENTS} clients.
     *
     * @param rounds before the handover, and as many after it
     */
    static void run(DriverPooler pooler, int rounds, Factory factory) throws Exception {
        new Fleet(pooler, rounds).run(factory);
        pooler.assertClean();
    }

    private void run(Factory factory) throws Exception {
        var clients = new ArrayList<Future<Void>>();
        var threads = Executors.newFixedThreadPool(DriverPooler.CLIENTS);
        try {
            for (int i = 0; i < DriverPooler.CLIENTS; i++) {
                int number = i;
                clients.add(threads.submit(() -> live(factory, number)));
            }
            if (!halfway.await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new TimeoutException("not all clients came half way");
            }
            pooler.pooler().handOver();
            handedOver = true;
            for (Future<Void> client : clients) {
                client.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            threads.shutdownNow();
        }
    }

    private Void live(Factory factory, int number) {
        int round = 0;
        try {
            Client client = factory.connect(number);
            try {
                for (; round < rounds; round++) {
                    client.round(round);
                }
                halfway.countDown();
                while (!handedOver) {
                    client.round(round++);
                }
                for (int i = 0; i < rounds; i++) {
                    client.round(round++);
                }
            } finally {
                client.close();
            }
            return null;
        } catch (Exception | AssertionError e) {
            throw new AssertionError("client %d in round %d".formatted(number, round), e);
        } finally {
            halfway.countDown(); // nobody waits for one that has failed
        }
    }
}
