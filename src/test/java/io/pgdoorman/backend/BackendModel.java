package io.pgdoorman.backend;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Objects;

/**
 * The main loop of a PostgreSQL backend, reduced to what decides which reply comes when. Written
 * from the protocol's description alone, so that it can contradict {@link ReplyQueue}.
 *
 * <p>A message is its type byte and its plan, one letter for each thing that happens when it is
 * executed: {@code o} succeeds, {@code e} fails, {@code r} returns rows, {@code i} reads a COPY,
 * {@code x} reads a COPY and fails at its first data, {@code p} suspends the portal.
 */
final class BackendModel {
    /** What a client sends. */
    record Message(char type, String plan) {
        Message(char type) {
            this(type, "o");
        }

        @Override
        public String toString() {
            return plan.equals("o") ? String.valueOf(type) : type + "(" + plan + ")";
        }
    }

    private final ArrayDeque<Message> input = new ArrayDeque<>();
    private final ArrayDeque<Character> output = new ArrayDeque<>();

    /** The command whose COPY is being read, with what comes after it; null if there is none. */
    private @Nullable Message copying;

    private boolean ignoreTillSync;
    private boolean inBatch;

    void send(Message message) {
        input.add(message);
    }

    boolean hasInput() {
        return !input.isEmpty();
    }

    boolean hasOutput() {
        return !output.isEmpty();
    }

    char takeOutput() {
        return output.remove();
    }

    boolean isCopyIn() {
        return copying != null;
    }

    boolean isSkipping() {
        return ignoreTillSync;
    }

    /** Nothing it was sent will be answered any more, and nothing keeps it from the next client. */
    boolean isSettled() {
        return output.isEmpty()
                && copying == null
                && !ignoreTillSync
                && !inBatch
                && input.stream().allMatch(message -> "dcfH".indexOf(message.type()) >= 0);
    }

    /** Reads one message. */
    void step() {
        Message message = input.remove();
        if (copying != null) {
            readCopy(message);
        } else if (ignoreTillSync) {
            if (message.type() == 'S') {
                ignoreTillSync = false;
                sync();
            }
        } else {
            execute(message);
        }
    }

    private void execute(Message message) {
        switch (message.type()) {
            case 'Q', 'o' -> run(message.type(), message.plan());
            case 'F' -> {
                output.add(message.plan().equals("e") ? 'E' : 'V');
                ready();
            }
            case 'S' -> sync();
            case 'P' -> extended(message, "1");
            case 'B' -> extended(message, "2");
            case 'C' -> extended(message, "3");
            case 'D' -> extended(message, message.plan().equals("r") ? "tT" : "n");
            case 'E' -> {
                inBatch = true;
                run('E', message.plan());
            }
            case 'd', 'c', 'f', 'H' -> {} // ignored
            default -> throw new IllegalArgumentException(message.toString());
        }
    }

    private void extended(Message message, String replies) {
        inBatch = true;
        if (message.plan().equals("e")) {
            fail('E'); // as Execute: skip to the Sync
        } else {
            replies.chars().forEach(reply -> output.add((char) reply));
        }
    }

    /** Executes statements up to the end, a failure, or a COPY that needs data. */
    private void run(char command, String plan) {
        for (int i = 0; i < plan.length(); i++) {
            switch (plan.charAt(i)) {
                case 'e' -> {
                    fail(command);
                    return;
                }
                case 'i', 'x' -> {
                    output.add('G');
                    copying = new Message(command, plan.substring(i));
                    return;
                }
                case 'r' -> {
                    if (command != 'E') {
                        output.add('T');
                    }
                    output.add('D');
                    output.add('C');
                }
                case 'p' -> output.add('s');
                default -> output.add('C');
            }
        }
        if (command != 'E') {
            ready();
        }
    }

    private void readCopy(Message message) {
        Message reader = Objects.requireNonNull(copying);
        char command = reader.type();
        String plan = reader.plan();
        switch (message.type()) {
            case 'S', 'H' -> {} // ignored while a COPY is read
            case 'd' -> {
                if (plan.charAt(0) == 'x') {
                    copying = null;
                    fail(command);
                }
            }
            case 'f' -> {
                copying = null;
                fail(command);
            }
            case 'c' -> {
                copying = null;
                output.add('C');
                run(command, plan.substring(1));
            }
            default -> throw new IllegalStateException(message + " ends the connection in a COPY");
        }
    }

    private void fail(char command) {
        output.add('E');
        if (command == 'E') {
            ignoreTillSync = true;
        } else {
            ready();
        }
    }

    private void sync() {
        inBatch = false;
        ready();
    }

    private void ready() {
        output.add('Z');
    }
}
