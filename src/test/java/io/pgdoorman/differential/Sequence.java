package io.pgdoorman.differential;

import io.pgdoorman.testing.Frontend;

import java.util.ArrayList;
import java.util.List;

/**
 * What some clients send, and how far each reads. Threads: immutable.
 *
 * @param servers how many servers its clients hold at once
 * @param oneServer whether it asks what one server does when it meets the same client again
 * @param sessionOnly whether it rests on state that only a session pool keeps between transactions
 * @param errorsByCode whether of an ErrorResponse only severity and SQLSTATE must be the same,
 *     because the pooler has to find the fault itself
 */
record Sequence(
        String name,
        List<Step> steps,
        int servers,
        boolean oneServer,
        boolean sessionOnly,
        boolean errorsByCode) {
    /** One thing a client does. */
    @FunctionalInterface
    interface Step {
        void play(Stage stage);
    }

    /** Bytes to send; neighbours are sent at once. */
    record Send(byte[] bytes) implements Step {
        @Override
        public void play(Stage stage) {
            stage.client().send(bytes);
        }
    }

    static Sequence sequence(String name, Step... steps) {
        var joined = new ArrayList<Step>();
        for (Step step : steps) {
            if (step instanceof Send(byte[] more)
                    && !joined.isEmpty()
                    && joined.getLast() instanceof Send(byte[] bytes)) {
                joined.removeLast();
                joined.add(new Send(Frontend.concat(bytes, more)));
            } else {
                joined.add(step);
            }
        }
        return new Sequence(name, List.copyOf(joined), 1, false, false, false);
    }

    /** The same, for session pools alone. */
    Sequence inSession() {
        return new Sequence(name, steps, servers, oneServer, true, errorsByCode);
    }

    /** The same, with clients that hold {@code count} servers at once. */
    Sequence onServers(int count) {
        return new Sequence(name, steps, count, oneServer, sessionOnly, errorsByCode);
    }

    /** The same, for pools of one server. */
    Sequence onOneServer() {
        return new Sequence(name, steps, servers, true, sessionOnly, errorsByCode);
    }

    /** The same, with errors that the pooler makes itself. */
    Sequence answeredByThePooler() {
        return new Sequence(name, steps, servers, oneServer, sessionOnly, true);
    }

    boolean fits(boolean session, int poolSize) {
        boolean many = poolSize > 1 && oneServer;
        return servers <= poolSize && !many && (!sessionOnly || session);
    }

    List<String> play(Target target) {
        try (var stage = new Stage(target)) {
            steps.forEach(step -> step.play(stage));
            return stage.transcript().lines();
        }
    }

    /** Where {@code actual} is not what PostgreSQL answered; empty if it is. */
    String difference(List<String> expected, List<String> actual) {
        return errorsByCode
                ? Transcript.differenceByCode(expected, actual)
                : Transcript.difference(expected, actual);
    }
}
