package io.pgdoorman.log;

import ch.qos.logback.classic.spi.ILoggingEvent;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/** Keeps what is written; can be made to wait, or to fail. Threads: any. */
final class Lines implements LogSink {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Semaphore permits = new Semaphore(0);
    private volatile boolean limited;
    private volatile boolean broken;

    /** Each write waits from now on until it is allowed. */
    void block() {
        limited = true;
    }

    void allow(int writes) {
        permits.release(writes);
    }

    void setBroken(boolean broken) {
        this.broken = broken;
    }

    /** Writes that wait. */
    int waiting() {
        return permits.getQueueLength();
    }

    List<String> all() {
        return lines;
    }

    @Override
    public void write(ILoggingEvent event) throws IOException {
        if (limited) {
            permits.acquireUninterruptibly();
        }
        if (broken) {
            throw new IOException("No space left on device");
        }
        lines.add(event.getLevel() + " " + event.getFormattedMessage());
    }

    @Override
    public String name() {
        return "the test";
    }
}
