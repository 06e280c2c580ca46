package io.pgdoorman.testing;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/**
 * A pooler shared by many tests and started anew after one that failed, so that one fault does not
 * fail all that come after it. Threads: confined to the test's thread.
 */
public final class RestartingPooler implements AutoCloseable {
    private final PoolerProcess.Builder builder;
    private @Nullable PoolerProcess process;

    public RestartingPooler(PoolerProcess.Builder builder) {
        this.builder = builder;
    }

    /** The running process; started when there is none. */
    public PoolerProcess get() {
        PoolerProcess running = process;
        if (running == null) {
            running = builder.start();
            process = running;
        }
        return running;
    }

    /** Runs {@code test}; when it fails the process ends and the next test gets a new one. */
    public void run(Consumer<PoolerProcess> test) {
        boolean passed = false;
        try {
            test.accept(get());
            passed = true;
        } finally {
            if (!passed) {
                close();
            }
        }
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
            process = null;
        }
    }
}
