package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.embedded.EmbeddedChannel;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

class HandshakeGateTest {
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> resumed = new ArrayList<>();
    private long now = 1_000_000 * MILLI;

    private HandshakeGate gate(long intervalNanos) {
        channel.freezeTime();
        return new HandshakeGate(channel.eventLoop(), intervalNanos, () -> now);
    }

    private class Fake implements HandshakeGate.Waiting {
        final HandshakeGate gate;
        final String name;
        boolean over;

        Fake(HandshakeGate gate, String name) {
            this.gate = gate;
            this.name = name;
        }

        @Override
        public void resume() {
            resumed.add(name);
            gate.spent(MILLI / 2);
        }

        @Override
        public boolean isOver() {
            return over;
        }
    }

    /** The sockets are looked at, and what was to be done then is done. */
    private void turn() {
        now += MILLI;
        channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    @Test
    void letsHandshakesThroughAsLongAsTheTurnHasTime() {
        HandshakeGate gate = gate(0);

        assertThat(gate.enter(new Fake(gate, "a"), true)).isTrue();
        gate.spent(MILLI / 2);
        assertThat(gate.enter(new Fake(gate, "b"), false)).isTrue();
        gate.spent(MILLI / 2);
        assertThat(gate.enter(new Fake(gate, "c"), true)).isFalse();
    }

    /** As when there is no memory. */
    @Test
    void goesOnBehindOneThatFails() {
        HandshakeGate gate = gate(0);
        gate.spent(2 * MILLI);
        gate.enter(
                new Fake(gate, "a") {
                    @Override
                    public void resume() {
                        throw new OutOfMemoryError("made up");
                    }
                },
                true);
        gate.enter(new Fake(gate, "b"), true);

        assertThatThrownBy(channel::runPendingTasks).isInstanceOf(OutOfMemoryError.class);
        turn();

        assertThat(resumed).containsExactly("b");
        gate.spent(MILLI);
        assertThat(gate.enter(new Fake(gate, "c"), true)).isFalse();
    }

    @Test
    void aTurnHasTimeForAFewOfThoseThatWait() {
        HandshakeGate gate = gate(0);
        gate.spent(2 * MILLI);
        for (int i = 0; i < 6; i++) {
            gate.enter(new Fake(gate, "f" + i), true);
        }

        channel.runPendingTasks(); // the end of the turn
        assertThat(resumed).containsExactly("f0", "f1");
        turn();
        assertThat(resumed).containsExactly("f0", "f1", "f2", "f3");
        turn();
        turn();
        assertThat(resumed).hasSize(6);
        assertThat(gate.enter(new Fake(gate, "later"), true)).isTrue();
    }

    @Test
    void thoseThatHaveBegunGoFirst() {
        HandshakeGate gate = gate(0);
        gate.spent(2 * MILLI);
        gate.enter(new Fake(gate, "new"), true);
        gate.enter(new Fake(gate, "begun"), false);

        channel.runPendingTasks();

        assertThat(resumed).containsExactly("begun", "new");
    }

    @Test
    void thoseThatAreGoneAreSkipped() {
        HandshakeGate gate = gate(0);
        gate.spent(2 * MILLI);
        var gone = new Fake(gate, "gone");
        gate.enter(gone, true);
        gate.enter(new Fake(gate, "here"), true);
        gone.over = true;

        channel.runPendingTasks();

        assertThat(resumed).containsExactly("here");
    }

    @Test
    void keepsTheRateAndLosesNobody() {
        HandshakeGate gate = gate(20 * MILLI); // 50 a second
        for (int i = 0; i < 10; i++) {
            if (gate.enter(new Fake(gate, "h" + i), true)) {
                resumed.add("h" + i);
            }
        }

        assertThat(resumed).containsExactly("h0");
        for (int i = 0; i < 100; i++) {
            turn();
        }
        assertThat(resumed).hasSizeBetween(5, 6);
        for (int i = 0; i < 100; i++) {
            turn();
        }
        assertThat(resumed)
                .containsExactly("h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9");
    }

    @Test
    void theRateDoesNotHoldUpWhatHasBegun() {
        HandshakeGate gate = gate(1_000 * MILLI);
        gate.enter(new Fake(gate, "first"), true);
        gate.enter(new Fake(gate, "second"), true);

        assertThat(gate.enter(new Fake(gate, "first"), false)).isTrue();
    }

    @Test
    void clientsThatGiveUpDoNotUseUpTheRate() {
        HandshakeGate gate = gate(20 * MILLI);
        gate.enter(new Fake(gate, "first"), true);
        for (int i = 0; i < 50; i++) {
            var gone = new Fake(gate, "gone");
            gate.enter(gone, true);
            gone.over = true;
        }
        gate.enter(new Fake(gate, "here"), true);

        for (int i = 0; i < 30; i++) {
            turn();
        }

        assertThat(resumed).containsExactly("here");
    }
}
