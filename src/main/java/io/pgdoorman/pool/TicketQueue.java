package io.pgdoorman.pool;

import io.pgdoorman.backend.ParameterSet;

import org.jspecify.annotations.Nullable;

/**
 * Clients that wait on one event loop, oldest first: a list through the tickets themselves, so that
 * neither a wait nor a client that leaves in the middle costs memory or a search.
 *
 * <p>Threads: confined to the loop of its shard.
 */
final class TicketQueue {
    private @Nullable Ticket first;
    private @Nullable Ticket last;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return first == null;
    }

    @Nullable Ticket first() {
        return first;
    }

    /** The oldest ticket of this profile. */
    @Nullable Ticket firstOf(ParameterSet profile) {
        Ticket t = first;
        while (t != null && !t.profile.equals(profile)) {
            t = t.next;
        }
        return t;
    }

    /** The ticket with {@code skip} others before it. */
    @Nullable Ticket at(int skip) {
        Ticket t = first;
        for (int i = 0; i < skip && t != null; i++) {
            t = t.next;
        }
        return t;
    }

    /** Adds by age: at the end, unless a thawed client brings an older place with it. */
    void add(Ticket ticket) {
        Ticket after = last;
        while (after != null && after.sinceNanos - ticket.sinceNanos > 0) {
            after = after.previous;
        }
        Ticket before = after == null ? first : after.next;
        ticket.previous = after;
        ticket.next = before;
        if (after == null) {
            first = ticket;
        } else {
            after.next = ticket;
        }
        if (before == null) {
            last = ticket;
        } else {
            before.previous = ticket;
        }
        ticket.queued = true;
        size++;
    }

    void remove(Ticket ticket) {
        if (!ticket.queued) {
            return;
        }
        if (ticket.previous == null) {
            first = ticket.next;
        } else {
            ticket.previous.next = ticket.next;
        }
        if (ticket.next == null) {
            last = ticket.previous;
        } else {
            ticket.next.previous = ticket.previous;
        }
        ticket.previous = null;
        ticket.next = null;
        ticket.queued = false;
        size--;
    }
}
