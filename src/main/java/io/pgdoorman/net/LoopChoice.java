package io.pgdoorman.net;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;

import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Which loop a new connection gets: one with the fewest, so that connections that come and go
 * between others that stay do not leave these on a few loops. By turns, they would: whoever opens
 * two connections each time and closes one of them would have all others on every second loop.
 *
 * <p>Threads: any.
 */
public final class LoopChoice {
    private final List<EventLoop> loops;

    /** Connections by the place of their loop; those that are on their way to it count as well. */
    private final AtomicIntegerArray connections;

    /**
     * @param loops not empty; the first is the one that wins a tie
     */
    public LoopChoice(List<EventLoop> loops) {
        this.loops = List.copyOf(loops);
        this.connections = new AtomicIntegerArray(loops.size());
    }

    /** Counts for the loop it returns, until {@link #leave}. */
    EventLoop choose() {
        int least = 0;
        for (int at = 1; at < loops.size(); at++) {
            if (connections.get(at) < connections.get(least)) {
                least = at;
            }
        }
        connections.incrementAndGet(least);
        return loops.get(least);
    }

    /** A connection that was chosen a loop for is closed, or has not got there. */
    void leave(EventLoop loop) {
        connections.decrementAndGet(loops.indexOf(loop));
    }

    /** Counts a connection that came to its loop otherwise, until it is closed. */
    public void join(Channel channel) {
        int at = loops.indexOf(channel.eventLoop());
        if (at >= 0) {
            connections.incrementAndGet(at);
            channel.closeFuture().addListener(_ -> connections.decrementAndGet(at));
        }
    }
}
