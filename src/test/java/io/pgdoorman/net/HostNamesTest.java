package io.pgdoorman.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

class HostNamesTest {
    private static final InetAddress ADDRESS = InetAddress.ofLiteral("192.0.2.1");

    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final CountDownLatch slow = new CountDownLatch(1);
    private final AtomicInteger lookUps = new AtomicInteger();

    @AfterEach
    void end() {
        slow.countDown();
        threads.shutdownNow();
    }

    @Test
    void findsTheNameOfThisMachine() throws Exception {
        InetAddress mapped = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});

        assertThat(new HostNames().of(mapped).get(10, TimeUnit.SECONDS)).isEqualTo("localhost");
    }

    @Test
    void theSameAddressIsLookedUpOnceAtATime() throws Exception {
        var names = new HostNames(this::slowName, threads, Duration.ofSeconds(60));

        CompletableFuture<String> one = names.of(ADDRESS);
        CompletableFuture<String> other = names.of(ADDRESS);
        assertThat(one).isNotDone();
        slow.countDown();

        assertThat(one.get(10, TimeUnit.SECONDS)).isEqualTo("name");
        assertThat(other.get(10, TimeUnit.SECONDS)).isEqualTo("name");
        assertThat(names.of(ADDRESS).get(10, TimeUnit.SECONDS)).isEqualTo("name");
        assertThat(lookUps).hasValue(1);
    }

    @Test
    void nobodyWaitsForeverForAResolverThatDoesNotAnswer() throws Exception {
        var names = new HostNames(this::slowName, threads, Duration.ofMillis(20));

        assertThat(names.of(ADDRESS).get(10, TimeUnit.SECONDS)).isEmpty();
        assertThat(names.of(ADDRESS).get(10, TimeUnit.SECONDS)).isEmpty();

        assertThat(lookUps).hasValue(1);
    }

    @Test
    void tooManyLookUpsAtATimeFindNothing() throws Exception {
        var names =
                new HostNames(
                        this::slowName,
                        _ -> {
                            throw new RejectedExecutionException();
                        },
                        Duration.ofSeconds(60));

        assertThat(names.of(ADDRESS).get(10, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void aFailedLookUpFindsNothing() throws Exception {
        var names =
                new HostNames(
                        _ -> {
                            throw new IllegalStateException("broken");
                        },
                        threads,
                        Duration.ofSeconds(60));

        assertThat(names.of(ADDRESS).get(10, TimeUnit.SECONDS)).isEmpty();
    }

    private String slowName(InetAddress address) {
        lookUps.incrementAndGet();
        try {
            slow.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return "name";
    }
}
