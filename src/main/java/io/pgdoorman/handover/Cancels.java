package io.pgdoorman.handover;

import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.session.Sessions;
import io.pgdoorman.wire.CancelKey;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Cancel requests between the two processes: a request arrives at whichever accepts, its session
 * may be with the other.
 *
 * <p>Threads: any.
 */
final class Cancels implements CancelSearch.Remote {
    private static final Logger LOG = LoggerFactory.getLogger(Cancels.class);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Sessions sessions;
    private final Map<Long, CompletableFuture<Boolean>> asked = new ConcurrentHashMap<>();
    private final AtomicLong lastNumber = new AtomicLong();
    private volatile boolean open = true;
    private final Link link;

    Cancels(Sessions sessions, Link link) {
        this.sessions = sessions;
        this.link = link;
    }

    /** From now on unknown keys are looked for at the other process. */
    void open() {
        sessions.setCancelRelay(new CancelSearch(sessions, this));
    }

    /** The other process is gone. */
    void close() {
        open = false;
        sessions.setCancelRelay(null);
        asked.values().forEach(answer -> answer.complete(false));
    }

    /** A listener of {@link Link}: whether the message was about a cancel request. */
    boolean onMessage(Message message) {
        switch (message.type()) {
            case CANCEL -> Thread.startVirtualThread(() -> serve(message));
            case CANCELLED -> onAnswer(message);
            default -> {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean cancel(CancelKey key) throws InterruptedException {
        if (!open) {
            return false;
        }
        long number = lastNumber.incrementAndGet();
        var answer = new CompletableFuture<Boolean>();
        asked.put(number, answer);
        try {
            link.send(
                    MessageType.CANCEL,
                    new FieldWriter()
                            .put(1, number)
                            .putSigned(2, key.processId())
                            .put(3, key.secret()));
            return answer.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (HandoverException | ExecutionException | TimeoutException e) {
            LOG.debug("cancel request to the other process", e);
            return false;
        } finally {
            asked.remove(number);
        }
    }

    private void serve(Message message) {
        try {
            long number = 0;
            long processId = 0;
            byte[] secret = {};
            FieldReader in = message.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> number = in.number();
                    case 2 -> processId = in.signed();
                    case 3 -> secret = in.bytes();
                    default -> {} // of a later version
                }
            }
            boolean known = sessions.cancelHere(CancelKey.of((int) processId, secret)).get();
            link.send(MessageType.CANCELLED, new FieldWriter().put(1, number).put(2, known));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (FormatException | HandoverException | ExecutionException | RuntimeException e) {
            LOG.debug("cancel request of the other process", e);
        }
    }

    private void onAnswer(Message message) {
        try {
            long number = 0;
            boolean known = false;
            FieldReader in = message.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> number = in.number();
                    case 2 -> known = in.bool();
                    default -> {} // of a later version
                }
            }
            CompletableFuture<Boolean> answer = asked.get(number);
            if (answer != null) {
                answer.complete(known);
            }
        } catch (FormatException e) {
            LOG.debug("answer to a cancel request", e);
        }
    }
}
