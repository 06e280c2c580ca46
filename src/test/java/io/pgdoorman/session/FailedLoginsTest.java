package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How guessing is slowed down. */
class FailedLoginsTest {
    private static final InetAddress HERE = InetAddress.ofLiteral("192.0.2.7");
    private static final InetAddress THERE = InetAddress.ofLiteral("192.0.2.8");
    private static final long MAX = TimeUnit.SECONDS.toNanos(2);

    private long now = 1;
    private final FailedLogins logins = new FailedLogins(() -> now);

    private long fail(@Nullable InetAddress address, String user) {
        FailedLogins.Penalty penalty = logins.onFailure(address, user, MAX);
        penalty.end().run();
        return TimeUnit.NANOSECONDS.toMillis(penalty.nanos());
    }

    private List<Long> fail(@Nullable InetAddress address, String user, int times) {
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            delays.add(fail(address, user));
        }
        return delays;
    }

    @Test
    void eachFailureTakesLonger() {
        assertThat(fail(HERE, "alice", 9))
                .containsExactly(0L, 0L, 0L, 250L, 500L, 1000L, 2000L, 2000L, 2000L);
    }

    /** No role has such a name; a map of them would be memory for whoever wants to fill it. */
    @Test
    void longNamesShareAPlace() {
        for (int i = 0; i < 1_000; i++) {
            fail(HERE, Integer.toString(i).repeat(3_000));
        }

        assertThat(logins.size()).isEqualTo(2);
        assertThat(fail(HERE, "x".repeat(64))).isEqualTo(2000L);
        assertThat(fail(THERE, "x".repeat(63))).isZero();
    }

    @Test
    void othersAreNotSlowedDown() {
        fail(HERE, "alice", 9);

        assertThat(fail(HERE, "bob")).isZero();
        assertThat(fail(THERE, "alice")).isZero();
        assertThat(fail(null, "alice")).isZero();
    }

    @Test
    void successAndTimeForgive() {
        fail(HERE, "alice", 9);
        logins.onSuccess(HERE, "alice");
        assertThat(fail(HERE, "alice")).isZero();

        fail(HERE, "alice", 9);
        now += FailedLogins.MEMORY_NANOS + 1;
        assertThat(fail(HERE, "alice")).isZero();
    }

    @Test
    void tryingManyNamesIsSlowedDownToo() {
        for (int i = 0; i < FailedLogins.FREE_OF_ADDRESS; i++) {
            assertThat(fail(HERE, "user" + i)).isZero();
        }
        assertThat(fail(HERE, "another")).isPositive();
        assertThat(fail(THERE, "another")).isZero();
    }

    @Test
    void aCustomersIpv6AddressesAreOne() {
        fail(InetAddress.ofLiteral("2001:db8:1:2::1"), "alice", 9);

        assertThat(fail(InetAddress.ofLiteral("2001:db8:1:2:ffff::9"), "alice")).isPositive();
        assertThat(fail(InetAddress.ofLiteral("2001:db8:1:3::1"), "alice")).isZero();
    }

    /** However many connections there are, {@code AT_ONCE} are heard in {@code MAX}. */
    @Test
    void moreConnectionsDoNotGuessFaster() {
        fail(HERE, "alice", 20);
        List<FailedLogins.Penalty> waiting = new ArrayList<>();
        for (int i = 0; i < 10 * FailedLogins.AT_ONCE; i++) {
            waiting.add(logins.onFailure(HERE, "alice", MAX));
        }

        for (int i = 0; i < waiting.size(); i++) {
            assertThat(waiting.get(i).nanos()).isEqualTo(MAX * (1 + i / FailedLogins.AT_ONCE));
        }
        assertThat(fail(THERE, "alice")).isZero();
        waiting.forEach(penalty -> penalty.end().run());
        assertThat(fail(HERE, "alice")).isEqualTo(TimeUnit.NANOSECONDS.toMillis(MAX));
    }

    @Test
    void itCanBeTurnedOff() {
        for (int i = 0; i < 100; i++) {
            assertThat(logins.onFailure(HERE, "alice", 0).nanos()).isZero();
        }
        assertThat(fail(HERE, "alice")).isZero();
    }

    @Test
    void itsMemoryIsBounded() {
        for (int i = 0; i < 40_000; i++) {
            fail(HERE, "user" + i);
        }
        assertThat(logins.size()).isLessThan(20_000);
    }
}
