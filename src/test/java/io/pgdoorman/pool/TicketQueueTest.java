package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;

class TicketQueueTest {
    private static final ParameterSet OTHER = ParameterSet.of(Map.of("a", "b"));

    private final TicketQueue queue = new TicketQueue();

    private static Ticket ticket(long since) {
        return ticket(since, ParameterSet.EMPTY);
    }

    private static Ticket ticket(long since, ParameterSet profile) {
        var ticket = new Ticket(new Nobody());
        ticket.sinceNanos = since;
        ticket.profile = profile;
        return ticket;
    }

    private List<Ticket> all() {
        List<Ticket> all = new ArrayList<>();
        for (int i = 0; queue.at(i) != null; i++) {
            all.add(queue.at(i));
        }
        return all;
    }

    @Test
    void isEmptyAtFirst() {
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.size()).isZero();
        assertThat(queue.first()).isNull();
        assertThat(queue.at(0)).isNull();
        assertThat(queue.firstOf(OTHER)).isNull();
    }

    @Test
    void isFirstComeFirstServed() {
        Ticket a = ticket(1);
        Ticket b = ticket(1);
        Ticket c = ticket(2);

        List.of(a, b, c).forEach(queue::add);

        assertThat(all()).containsExactly(a, b, c);
        assertThat(queue.first()).isSameAs(a);
        assertThat(queue.size()).isEqualTo(3);
    }

    @Test
    void givesAThawedClientItsOldPlace() {
        Ticket a = ticket(10);
        Ticket b = ticket(20);
        Ticket c = ticket(30);

        List.of(b, c, a).forEach(queue::add);
        queue.remove(b);
        queue.add(b);

        assertThat(all()).containsExactly(a, b, c);
    }

    @Test
    void comparesTimesAcrossAnOverflow() {
        Ticket before = ticket(Long.MAX_VALUE);
        Ticket after = ticket(Long.MIN_VALUE);

        queue.add(after);
        queue.add(before);

        assertThat(all()).containsExactly(before, after);
    }

    @Test
    void findsTheOldestOfAProfile() {
        Ticket a = ticket(1);
        Ticket b = ticket(2, OTHER);
        Ticket c = ticket(3, ParameterSet.of(Map.of("A", "b")));

        List.of(a, b, c).forEach(queue::add);

        assertThat(queue.firstOf(OTHER)).isSameAs(b);
        queue.remove(b);
        assertThat(queue.firstOf(OTHER)).isSameAs(c);
        queue.remove(c);
        assertThat(queue.firstOf(OTHER)).isNull();
    }

    @Test
    void removesFromEveryPlaceAndOnlyOnce() {
        Ticket a = ticket(1);
        Ticket b = ticket(2);
        Ticket c = ticket(3);
        List.of(a, b, c).forEach(queue::add);

        queue.remove(b);
        queue.remove(b);
        assertThat(all()).containsExactly(a, c);
        queue.remove(c);
        assertThat(all()).containsExactly(a);
        queue.remove(a);

        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.size()).isZero();
        assertThat(a.isQueued()).isFalse();
    }

    @Test
    void staysInOrderWhateverHappens() {
        var random = new Random(7);
        List<Ticket> expected = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (expected.isEmpty() || (random.nextInt(5) < 3 && expected.size() < 50)) {
                Ticket ticket = ticket(i - random.nextInt(100));
                queue.add(ticket);
                expected.add(ticket);
            } else {
                Ticket ticket = expected.remove(random.nextInt(expected.size()));
                queue.remove(ticket);
            }
            expected.sort(Comparator.comparingLong(ticket -> ticket.sinceNanos));

            assertThat(all()).isEqualTo(expected);
            assertThat(queue.size()).isEqualTo(expected.size());
        }
    }

    private static final class Nobody implements Waiter {
        @Override
        public void onServer(Server server) {}

        @Override
        public void onRefused(ErrorResponse reason) {}
    }
}
