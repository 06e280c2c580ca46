package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.BackendModel.Message;

import org.junit.jupiter.api.Test;

import java.util.Random;

/**
 * Random pipelines against a model of PostgreSQL: the queue may never call a server settled that is
 * not, and has to call it settled in the end.
 */
class ReplyQueueModelTest {
    private static final int SEQUENCES = 20_000;
    private static final int STEPS = 60;

    @Test
    void agreesWithABackendWhateverIsSentAndHoweverItIsDelayed() {
        for (int seed = 0; seed < SEQUENCES; seed++) {
            new Play(seed).run();
        }
    }

    /** One connection. */
    private static final class Play {
        private final Random random;
        private final int seed;
        private final BackendModel backend = new BackendModel();
        private final StringBuilder story = new StringBuilder();
        private ReplyQueue queue = new ReplyQueue();

        /** The client has sent a COPY and waits for what comes of it. */
        private boolean awaitsCopy;

        /** A CopyInResponse has come and its COPY is not ended yet. */
        private boolean feedsCopy;

        /** The plan of the COPY that the client waits for or feeds. */
        private String copyPlan = "";

        /** Something was sent after which nobody can say how the backend will be. */
        private boolean mayConfuse;

        Play(int seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                switch (random.nextInt(4)) {
                    case 0, 1 -> clientSends();
                    case 2 -> {
                        if (backend.hasInput()) {
                            backend.step();
                        }
                    }
                    default -> {
                        if (backend.hasOutput()) {
                            deliver();
                        }
                    }
                }
                if (random.nextInt(10) == 0) {
                    queue = ReplyQueue.thaw(queue.freeze());
                }
                checkNotTooEarly();
            }
            finish();
        }

        private void finish() {
            drain();
            assertThat(queue.isCopyIn()).as(this::toString).isEqualTo(backend.isCopyIn());
            assertThat(queue.isSkipping()).as(this::toString).isEqualTo(backend.isSkipping());
            while (backend.isCopyIn()) {
                send(new Message('c'));
                drain();
            }
            send(new Message('S'));
            drain();
            assertThat(queue.isSettled()).as(this::toString).isTrue();
            if (!mayConfuse) {
                assertThat(queue.isConfused()).as(this::toString).isFalse();
            }
        }

        private void drain() {
            while (backend.hasInput() || backend.hasOutput()) {
                if (backend.hasInput()) {
                    backend.step();
                }
                while (backend.hasOutput()) {
                    deliver();
                    checkNotTooEarly();
                }
            }
        }

        private void checkNotTooEarly() {
            if (queue.isSettled()) {
                assertThat(backend.isSettled()).as(this::toString).isTrue();
            }
        }

        private void deliver() {
            char reply = backend.takeOutput();
            story.append('<').append(reply).append(' ');
            ReplyScript.received(queue, reply);
            if (reply == 'G') {
                awaitsCopy = false;
                feedsCopy = true;
            } else if (reply == 'E' || reply == 'Z') {
                awaitsCopy = false;
                feedsCopy = false;
            }
        }

        private void send(Message message) {
            boolean command = message.type() == 'Q' || message.type() == 'F';
            mayConfuse |= command && queue.isBatchOpen();
            mayConfuse |= message.type() == 'S' && queue.isCopyIn(); // if the COPY fails
            story.append('>').append(message).append(' ');
            // Both ends are told at once; what the backend reads later is up to the dice.
            ReplyScript.sent(queue, message.type() == 'f' ? 'c' : message.type());
            backend.send(message);
        }

        private void clientSends() {
            if (feedsCopy) {
                feed();
            } else if (!awaitsCopy) {
                begin();
            }
        }

        /** A client may send Sync and Flush within a COPY; PostgreSQL ignores them. */
        private void feed() {
            boolean fails = copyPlan.contains("x");
            switch (random.nextInt(6)) {
                case 0 -> send(new Message('H'));
                case 1 -> {
                    if (!fails) {
                        send(new Message('S'));
                    }
                }
                case 2 -> {
                    feedsCopy = false;
                    send(new Message(random.nextBoolean() ? 'c' : 'f'));
                    // Another COPY of the same Query may follow, or nothing.
                    awaitsCopy = copyPlan.length() > 1;
                }
                default -> send(new Message('d'));
            }
        }

        private void begin() {
            switch (random.nextInt(14)) {
                case 0 -> send(new Message('P', okOrError()));
                case 1, 2 -> send(new Message('B', okOrError()));
                case 3 -> send(new Message('D', random.nextBoolean() ? "r" : okOrError()));
                case 4, 5 -> send(new Message('E', choose("o", "r", "p", "e")));
                case 6 -> send(new Message('C', okOrError()));
                case 7, 8 -> send(new Message('S'));
                case 9 -> send(new Message('H'));
                case 10 -> {
                    if (queue.isSettled() && backend.isSettled()) {
                        send(new Message('o', okOrError()));
                    } else {
                        send(new Message('F', okOrError()));
                    }
                }
                case 11 -> send(new Message('Q', choose("o", "r", "oro", "e", "re")));
                case 12 -> {
                    // A stray: nothing reads it.
                    send(new Message(choose("d", "c", "f").charAt(0)));
                }
                default -> copy();
            }
        }

        private void copy() {
            // Waiting for the CopyInResponse only makes sense if nothing else is on its way.
            boolean quiet = !backend.hasInput() && !backend.hasOutput() && !backend.isSkipping();
            boolean simple = random.nextBoolean();
            copyPlan = simple ? choose("i", "x", "io", "ii", "ix", "oiri") : choose("i", "x");
            send(new Message(simple ? 'Q' : 'E', copyPlan));
            boolean early = !simple && random.nextBoolean();
            if (early) {
                mayConfuse = true; // if the COPY fails
                send(new Message('S')); // libpq sends it before it knows of the COPY
            }
            if (quiet && random.nextBoolean()) {
                awaitsCopy = true;
                return;
            }
            // Everything at once, without waiting for a CopyInResponse.
            for (int i = 0; i < copyPlan.length(); i++) {
                if (copyPlan.charAt(i) == 'i' || copyPlan.charAt(i) == 'x') {
                    send(new Message('d'));
                    send(new Message(copyPlan.charAt(i) == 'i' ? choose("c", "f").charAt(0) : 'c'));
                }
            }
            if (early) {
                mayConfuse = true; // if the COPY fails
                send(new Message('S'));
            }
        }

        private String okOrError() {
            return random.nextInt(6) == 0 ? "e" : "o";
        }

        private String choose(String... plans) {
            return plans[random.nextInt(plans.length)];
        }

        @Override
        public String toString() {
            return "seed " + seed + ": " + story + "\nqueue: " + queue;
        }
    }
}
