package io.pgdoorman.process;

import static org.awaitility.Awaitility.await;

import io.pgdoorman.metrics.Exposition;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Asks for the page of metrics ten times a second, by a connection of its own each time, and looks
 * for counters that fall. What is told of the virtual machine and the process may begin anew.
 *
 * <p>Threads: any; asks on a thread of its own.
 */
final class Scraper implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long PERIOD_MILLIS = 100;
    private static final byte[] REQUEST =
            "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private final int port;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger pages = new AtomicInteger();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final List<String> fallen = new CopyOnWriteArrayList<>();
    private final Map<String, Double> last = new HashMap<>();

    /**
     * @param start how long nobody may listen before the first page
     */
    Scraper(int port, Duration start) {
        this.port = port;
        await().atMost(start).ignoreExceptions().until(() -> page() != null);
        executor.scheduleAtFixedRate(this::scrape, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void scrape() {
        try {
            compare(page());
            pages.incrementAndGet();
        } catch (IOException | RuntimeException e) {
            failures.add(pages + " pages, then " + e);
        }
    }

    private Exposition page() throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) LIMIT.toMillis());
            socket.getOutputStream().write(REQUEST);
            String answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!answer.startsWith("HTTP/1.1 200")) {
                throw new IOException("answer " + answer.lines().findFirst().orElse("none"));
            }
            return Exposition.parse(answer.substring(answer.indexOf("\r\n\r\n") + 4));
        }
    }

    private void compare(Exposition page) {
        Map<String, String> types = page.types();
        for (Exposition.Sample sample : page.samples()) {
            String family = sample.name().replaceFirst("_(bucket|sum|count)$", "");
            String type = types.getOrDefault(sample.name(), types.get(family));
            boolean grows = "counter".equals(type) || "histogram".equals(type);
            if (grows && !sample.name().matches("(jvm|process)_.*")) {
                String series = sample.name() + sample.labels();
                Double before = last.put(series, sample.value());
                if (before != null && before > sample.value()) {
                    fallen.add(series + " from " + before + " to " + sample.value());
                }
            }
        }
    }

    /** Waits for this many more pages. */
    void awaitPages(int more) {
        int goal = pages.get() + more;
        await().atMost(LIMIT).until(() -> pages.get() >= goal || !failures.isEmpty());
    }

    List<String> failures() {
        return failures;
    }

    /** Counters that have fallen, with their values. */
    List<String> fallen() {
        return fallen;
    }

    /** Returns when the last page is read. */
    void stop() {
        executor.close();
    }

    @Override
    public void close() {
        stop();
    }
}
