package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class ScramKeyCacheTest {
    private static final Bytes SALT = Bytes.ofText("salt");

    private final ScramKeyCache cache = new ScramKeyCache(2);

    @Test
    void derivesOnce() {
        ScramKeys first = cache.derive(Bytes.ofText("a"), SALT, 1);

        assertThat(cache.derive(Bytes.ofText("a"), SALT, 1)).isSameAs(first);
        assertThat(cache.find(Bytes.ofText("a"), SALT, 1)).isSameAs(first);
    }

    @Test
    void everyPartOfTheKeyCounts() {
        cache.derive(Bytes.ofText("a"), SALT, 1);

        assertThat(cache.find(Bytes.ofText("b"), SALT, 1)).isNull();
        assertThat(cache.find(Bytes.ofText("a"), Bytes.ofText("pepper"), 1)).isNull();
        assertThat(cache.find(Bytes.ofText("a"), SALT, 2)).isNull();
    }

    @Test
    void forgetsTheLeastRecentlyUsed() {
        cache.derive(Bytes.ofText("a"), SALT, 1);
        cache.derive(Bytes.ofText("b"), SALT, 1);
        cache.find(Bytes.ofText("a"), SALT, 1);

        cache.derive(Bytes.ofText("c"), SALT, 1);

        assertThat(cache.find(Bytes.ofText("a"), SALT, 1)).isNotNull();
        assertThat(cache.find(Bytes.ofText("b"), SALT, 1)).isNull();
        assertThat(cache.size()).isEqualTo(2);
    }

    @Test
    void doesNotKeepGuesses() {
        Derivation.ofGuess(Bytes.ofText("a"), SALT, 1).get();

        assertThat(cache.size()).isZero();
    }

    @Test
    void threadsThatWantTheSameGetTheSame() throws Exception {
        var start = new CountDownLatch(1);
        List<Future<ScramKeys>> results = new ArrayList<>();
        try (var workers = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 16; i++) {
                results.add(
                        workers.submit(
                                () -> {
                                    start.await();
                                    return cache.derive(Bytes.ofText("a"), SALT, 4096);
                                }));
            }
            start.countDown();
        }

        ScramKeys first = results.getFirst().get();
        for (Future<ScramKeys> result : results) {
            assertThat(result.get()).isSameAs(first);
        }
    }
}
