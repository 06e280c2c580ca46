package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.ScramKeys;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

class DerivationsTest {
    private static final InetAddress CROWD = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress LONER = InetAddress.ofLiteral("192.0.2.2");

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final Derivations derivations = new Derivations(tasks::addLast, 2);

    private CompletableFuture<ScramKeys> begin(InetAddress address) {
        return derivations.derive(address, DerivationsTest::keys, () -> true);
    }

    private static ScramKeys keys() {
        return new ScramKeys(Bytes.EMPTY, Bytes.EMPTY, Bytes.EMPTY);
    }

    private void run(int count) {
        for (int i = 0; i < count; i++) {
            tasks.removeFirst().run();
        }
    }

    @Test
    void addressesTakeTurns() {
        for (int i = 0; i < 10; i++) {
            begin(CROWD);
        }
        CompletableFuture<ScramKeys> loner = begin(LONER);

        run(2);

        assertThat(loner).isCompleted();
    }

    @Test
    void whoIsGoneIsLeftOut() {
        CompletableFuture<ScramKeys> gone =
                derivations.derive(CROWD, DerivationsTest::keys, () -> false);

        run(1);

        assertThat(gone).isCancelled();
    }

    @Test
    void theBusiestAddressMakesRoom() {
        List<CompletableFuture<ScramKeys>> crowd = new ArrayList<>();
        for (int i = 0; i < Derivations.MAX_WAITING; i++) {
            crowd.add(begin(CROWD));
        }

        CompletableFuture<ScramKeys> loner = begin(LONER);

        assertThat(crowd.getLast().exceptionNow()).isInstanceOf(RejectedExecutionException.class);
        while (!tasks.isEmpty()) {
            run(1);
        }
        assertThat(loner).isCompleted();
        assertThat(crowd.subList(0, crowd.size() - 1)).allMatch(CompletableFuture::isDone);
    }

    @Test
    void anAddressMakesNoRoomForItself() {
        for (int i = 0; i < Derivations.MAX_WAITING; i++) {
            begin(CROWD);
        }

        CompletableFuture<ScramKeys> more = begin(CROWD);

        assertThat(more.exceptionNow()).isInstanceOf(RejectedExecutionException.class);
    }

    /** Servers' logins and tokens use the same threads. */
    @Test
    void leavesTurnsToOthers() {
        for (int i = 0; i < 10; i++) {
            begin(CROWD);
        }

        assertThat(tasks).hasSize(2);
    }

    @Test
    void beginsAgainAfterItHadNothingToDo() {
        begin(CROWD);
        while (!tasks.isEmpty()) {
            run(1);
        }

        CompletableFuture<ScramKeys> later = begin(CROWD);

        run(1);
        assertThat(later).isCompleted();
    }

    @Test
    void anExecutorThatIsFullLeavesNobodyWaiting() {
        var full =
                new Derivations(
                        _ -> {
                            throw new RejectedExecutionException();
                        },
                        2);

        CompletableFuture<ScramKeys> refused = full.derive(null, DerivationsTest::keys, () -> true);

        assertThat(refused.exceptionNow()).isInstanceOf(RejectedExecutionException.class);
    }
}
