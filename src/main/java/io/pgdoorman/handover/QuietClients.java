package io.pgdoorman.handover;

import io.netty.channel.EventLoop;
import io.pgdoorman.session.Session;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Clients that have asked for nothing for a while. They move first, because they do not notice it,
 * and the code that takes them is warm by the time it takes those who do. Busy ones go in between,
 * by themselves: they do not wait for the quiet ones of a batch, and servers come to the other
 * process with them, where new clients wait for them.
 *
 * <p>Threads: a thread of the handover, which waits for the loops.
 */
final class QuietClients {
    private final Host host;
    private final Map<Session, Long> noted = new HashMap<>();
    private final Deque<Session> quiet = new ArrayDeque<>();

    /** By loop, each read and changed by this thread, or by its loop while this thread waits. */
    private final Map<EventLoop, Set<Session>> busy = new HashMap<>();

    QuietClients(Host host) {
        this.host = host;
    }

    /** Notes what every client has done so far. */
    void note() throws InterruptedException, HandoverException {
        noted.clear();
        restingOnes().forEach(noted::putAll);
    }

    /** Finds those that have done nothing since {@link #note}. */
    void find() throws InterruptedException, HandoverException {
        if (noted.isEmpty()) {
            return;
        }
        Map<Session, Long> resting = new HashMap<>();
        restingOnes().forEach(resting::putAll);
        for (Session session : host.sessions().all()) {
            Long queries = resting.get(session);
            boolean unchanged = queries != null && queries.equals(noted.get(session));
            if (unchanged) {
                quiet.add(session);
            } else {
                busy.computeIfAbsent(session.channel().eventLoop(), _ -> new LinkedHashSet<>())
                        .add(session);
            }
        }
        noted.clear();
    }

    boolean isEmpty() {
        return quiet.isEmpty();
    }

    int size() {
        return quiet.size();
    }

    /** Whether it knows of clients that are not quiet. */
    boolean hasBusy() {
        return busy.values().stream().anyMatch(sessions -> !sessions.isEmpty());
    }

    /** The next of them. They may have changed, or left, meanwhile. */
    List<Session> next(int most) {
        List<Session> next = new ArrayList<>();
        while (next.size() < most && !quiet.isEmpty()) {
            next.add(quiet.remove());
        }
        return next;
    }

    /** The others of a loop, from which it takes those that go. */
    Set<Session> busyOnes(EventLoop loop) {
        return busy.getOrDefault(loop, Set.of());
    }

    /** For each loop its clients without a server and without a wish, and how much they asked. */
    private List<Map<Session, Long>> restingOnes() throws InterruptedException, HandoverException {
        Map<EventLoop, List<Session>> byLoop = new HashMap<>();
        for (Session session : host.sessions().all()) {
            byLoop.computeIfAbsent(session.channel().eventLoop(), _ -> new ArrayList<>())
                    .add(session);
        }
        List<CompletableFuture<Map<Session, Long>>> asked = new ArrayList<>();
        byLoop.forEach(
                (loop, sessions) ->
                        asked.add(CompletableFuture.supplyAsync(() -> resting(sessions), loop)));
        List<Map<Session, Long>> all = new ArrayList<>();
        try {
            for (CompletableFuture<Map<Session, Long>> one : asked) {
                all.add(one.get());
            }
        } catch (ExecutionException e) {
            throw new HandoverException("an event loop failed: " + e.getCause(), e);
        }
        return all;
    }

    private static Map<Session, Long> resting(List<Session> sessions) {
        Map<Session, Long> resting = new HashMap<>();
        for (Session session : sessions) {
            if (session.isResting()) {
                resting.put(session, session.activityCount());
            }
        }
        return resting;
    }
}
