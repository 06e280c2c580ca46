package io.pgdoorman.runtime;

import io.pgdoorman.config.LoadResult;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One reload at a time. Files are read on a thread of their own, because a file system may never
 * answer and signals must still be heard; requests that come meanwhile become one more reload.
 *
 * <p>Threads: confined to the control thread, apart from the reading.
 */
final class ReloadRequests {
    private static final Logger LOG = LoggerFactory.getLogger(ReloadRequests.class);

    private final Executor control;
    private final Executor reader;
    private final Supplier<LoadResult> read;
    private final Runnable onBegin;
    private final Consumer<LoadResult> onRead;
    private final Runnable onEnd;
    private boolean reading;
    private boolean again;

    /**
     * @param read runs on {@code reader} and may block
     * @param onBegin called on the control thread before each reading
     * @param onRead called on the control thread with what was read
     * @param onEnd called on the control thread after each reload, failed ones too
     */
    ReloadRequests(
            Executor control,
            Executor reader,
            Supplier<LoadResult> read,
            Runnable onBegin,
            Consumer<LoadResult> onRead,
            Runnable onEnd) {
        this.control = control;
        this.reader = reader;
        this.read = read;
        this.onBegin = onBegin;
        this.onRead = onRead;
        this.onEnd = onEnd;
    }

    /** Reloads, now or when the files are read that are being read. */
    void request() {
        if (reading) {
            again = true;
            return;
        }
        reading = true;
        onBegin.run();
        reader.execute(this::readAndReturn);
    }

    /** On the reader's thread. */
    private void readAndReturn() {
        Runnable then;
        try {
            LoadResult result = read.get();
            then = () -> onRead.accept(result);
        } catch (RuntimeException e) {
            then =
                    () -> {
                        throw e;
                    };
        }
        Runnable next = then;
        try {
            control.execute(() -> finish(next));
        } catch (RejectedExecutionException e) {
            LOG.debug("the process ended while the configuration was read");
        }
    }

    private void finish(Runnable then) {
        reading = false;
        try {
            then.run();
        } catch (RuntimeException e) {
            LOG.error("Config reload failed, the configuration may be in effect in parts", e);
        }
        onEnd.run();
        if (again) {
            again = false;
            request();
        }
    }
}
