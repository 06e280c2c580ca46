package io.pgdoorman.handover;

import io.pgdoorman.handover.format.Batch;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.concurrent.ExecutionException;

/**
 * Handovers of a process to itself, one after the other, for tests: everything leaves its loop, is
 * written down, read, and put on loops again.
 *
 * <p>Threads: one of its own.
 */
public final class Transplants implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Transplants.class);
    private static final int MOST = 64;

    private final Host host;
    private final Departure departure;
    private final Arrival arrival;

    public Transplants(Host host) {
        this.host = host;
        this.departure = new Departure(host);
        this.arrival = new Arrival(host);
    }

    /** Until the thread is interrupted. */
    @Override
    public void run() {
        host.sessions().setCancelRelay(new CancelSearch(host.sessions(), key -> false));
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Batch batch = departure.next(MOST, 2 * MOST);
                if (batch.isEmpty()) {
                    Thread.sleep(1);
                    continue;
                }
                Batch.Encoded encoded = batch.encode();
                Batch read = Batch.decode(encoded.bytes(), encoded.fds(), host.interner());
                arrival.takeBack(read).get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException | HandoverException | RuntimeException e) {
            LOG.error("transplants ended", e);
        }
    }
}
