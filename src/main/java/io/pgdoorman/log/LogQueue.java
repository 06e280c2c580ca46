package io.pgdoorman.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Takes lines from all threads and never makes one wait; a thread of its own writes them. What does
 * not fit, or cannot be written, is counted, and the log says so as soon as it can. Logback's
 * AsyncAppender drops without counting, and its stream appender gives up for ever at the first
 * error.
 *
 * <p>Threads: any for {@link #append}, because the queue is concurrent; {@code pooler-log} writes.
 */
final class LogQueue extends UnsynchronizedAppenderBase<ILoggingEvent> {
    /** Lines that wait to be written. */
    static final int CAPACITY = 8192;

    /** How long the end of the process waits for what is not written yet. */
    private static final long FLUSH_MILLIS = 1000;

    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final LogSink sink;
    private final LongSupplier clock;
    private final BlockingQueue<ILoggingEvent> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final Repeats repeats = new Repeats();
    private final AtomicLong lost = new AtomicLong();
    private final Thread writer;

    /** Why the last line was lost, if not by the queue. Written by all, read by the writer. */
    private volatile @Nullable String failure;

    // Of the writer.
    private long toldLost;
    private long lostToldNanos;
    private long sweptNanos;

    /**
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    LogQueue(LogSink sink, LongSupplier clock) {
        this.sink = sink;
        this.clock = clock;
        this.writer = Thread.ofPlatform().daemon().name("pooler-log").unstarted(this::writeAll);
        sweptNanos = clock.getAsLong();
        lostToldNanos = sweptNanos - Repeats.WINDOW_NANOS;
    }

    /** Lines that were lost since the start. */
    long lost() {
        return lost.get();
    }

    @Override
    public void start() {
        super.start();
        writer.start();
    }

    /** Writes what is queued, if it can be written in time. */
    @Override
    public void stop() {
        if (!isStarted()) {
            return;
        }
        super.stop();
        writer.interrupt();
        try {
            writer.join(FLUSH_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (isRehearsal(event)) {
            return;
        }
        try {
            accept(event);
        } catch (RuntimeException e) { // logback would drop the line without a word
            lost.incrementAndGet();
            failure = e.toString();
        }
    }

    private void accept(ILoggingEvent event) {
        event.prepareForDeferredProcessing();
        if (repeats.passes(event, clock.getAsLong())) {
            event.getCallerData(); // of this thread
            if (!queue.offer(event)) {
                lost.incrementAndGet();
            }
        }
    }

    /** What happens in rehearsal is no news, unless it goes wrong. */
    private static boolean isRehearsal(ILoggingEvent event) {
        return event.getThreadName().startsWith(LogSetup.QUIET_THREADS)
                && !event.getLevel().isGreaterOrEqual(Level.WARN);
    }

    // ---- the writer -----------------------------------------------------------------------------

    private void writeAll() {
        try {
            while (true) {
                ILoggingEvent event = next();
                if (event != null) {
                    write(event);
                }
                tellRepeats();
                tellLost(false);
            }
        } catch (InterruptedException e) {
            for (var event = queue.poll(); event != null; event = queue.poll()) {
                write(event);
            }
            repeats.sweep(clock.getAsLong(), true).forEach(this::write);
            tellLost(true);
        }
    }

    private void tellRepeats() {
        long nanos = clock.getAsLong();
        if (nanos - sweptNanos >= TURN_NANOS) {
            sweptNanos = nanos;
            for (ILoggingEvent line : repeats.sweep(nanos, false)) {
                if (!queue.offer(line)) { // behind those it follows, if there is room
                    write(line);
                }
            }
        }
    }

    /** Null when something else may be due. */
    private @Nullable ILoggingEvent next() throws InterruptedException {
        return repeats.isEmpty() && lost.get() == toldLost
                ? queue.take()
                : queue.poll(TURN_NANOS, TimeUnit.NANOSECONDS);
    }

    private void write(ILoggingEvent event) {
        try {
            sink.write(event);
        } catch (IOException | RuntimeException e) {
            lost.incrementAndGet();
            failure = String.valueOf(e.getMessage());
        }
    }

    /** Not more than once in a second, unless it is the last chance. */
    private void tellLost(boolean now) {
        long all = lost.get();
        long nanos = clock.getAsLong();
        if (all == toldLost || (!now && nanos - lostToldNanos < Repeats.WINDOW_NANOS)) {
            return;
        }
        lostToldNanos = nanos;
        var line = new LoggingEvent();
        line.setLoggerName(LogQueue.class.getName());
        line.setLevel(Level.WARN);
        line.setThreadName(Thread.currentThread().getName());
        line.setInstant(Instant.now());
        String cause = failure;
        String why = cause == null ? "did not take them in time" : "failed: " + cause;
        line.setMessage(
                "%d lines of the log are lost: %s %s".formatted(all - toldLost, sink.name(), why));
        line.setCallerData(new Throwable().getStackTrace());
        try {
            sink.write(line);
            toldLost = all;
            failure = null;
        } catch (IOException | RuntimeException e) {
            failure = String.valueOf(e.getMessage()); // told later, with those lost until then
        }
    }
}
