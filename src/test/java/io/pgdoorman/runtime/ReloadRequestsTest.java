package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.LoadResult;

import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/** Requests that come while files are read are neither lost nor repeated. */
class ReloadRequestsTest {
    private final Queue<Runnable> control = new ArrayDeque<>();
    private final Queue<Runnable> reader = new ArrayDeque<>();
    private final List<String> events = new ArrayList<>();
    private boolean readFails;
    private boolean applyFails;
    private final ReloadRequests reloads =
            new ReloadRequests(
                    control::add,
                    reader::add,
                    this::read,
                    () -> events.add("begin"),
                    _ -> apply(),
                    () -> events.add("end"));

    private LoadResult read() {
        events.add("read");
        if (readFails) {
            throw new IllegalStateException("cannot read");
        }
        return new LoadResult(Optional.empty(), List.of());
    }

    private void apply() {
        events.add("apply");
        if (applyFails) {
            throw new IllegalStateException("cannot apply");
        }
    }

    private void runAll() {
        while (!control.isEmpty() || !reader.isEmpty()) {
            Queue<Runnable> next = reader.isEmpty() ? control : reader;
            next.remove().run();
        }
    }

    @Test
    void readsElsewhereAndAppliesHere() {
        reloads.request();
        assertThat(events).containsExactly("begin");
        reader.remove().run();
        assertThat(events).containsExactly("begin", "read");
        control.remove().run();
        assertThat(events).containsExactly("begin", "read", "apply", "end");
    }

    @Test
    void manyRequestsWhileItReadsAreOneMore() {
        reloads.request();
        for (int i = 0; i < 1_000; i++) {
            reloads.request();
        }
        assertThat(reader).as("one at a time").hasSize(1);
        runAll();

        assertThat(events)
                .containsExactly("begin", "read", "apply", "end", "begin", "read", "apply", "end");
    }

    @Test
    void aFailureEndsNoLaterReload() {
        readFails = true;
        reloads.request();
        runAll();
        readFails = false;
        applyFails = true;
        reloads.request();
        runAll();
        applyFails = false;
        reloads.request();
        runAll();

        assertThat(events)
                .containsExactly(
                        "begin", "read", "end", "begin", "read", "apply", "end", "begin", "read",
                        "apply", "end");
    }
}
