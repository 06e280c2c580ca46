package io.pgdoorman.runtime;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.handover.DryRun;
import io.pgdoorman.handover.HandoverException;
import io.pgdoorman.handover.Host;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.tls.RecordsWarmUp;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs this program's own code before it counts: two poolers within this process, in front of a
 * stand-in for PostgreSQL, serve clients and hand them over to each other. Without it the first
 * clients of a successor would wait for classes to be loaded and compiled.
 *
 * <p>Threads: one of its own and its caller, whom it blocks; the poolers have loops of their own,
 * gone at the end.
 */
final class WarmUp {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    /** Enough for most of what runs to be compiled once, on a machine that is not overloaded. */
    private static final Duration USUAL = Duration.ofMillis(1_200);

    /** The predecessor waits, but not for ever. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    /** Of the ciphers, if there is somebody who needs them. */
    private static final Duration TLS = Duration.ofMillis(200);

    private static final int LEAST_ROUNDS = 8;
    private static final int CLIENTS = 32;

    /** Clients that move together with their servers, of which there are eight. */
    private static final int IN_TRANSACTION = 6;

    /** Between two handovers. */
    private static final int QUERIES = 4;

    private WarmUp() {}

    /**
     * Never throws: without it everything works, only slower at first.
     *
     * @param tls connections may be encrypted
     */
    static void run(String version, LogLevels logLevels, boolean tls) {
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name(RunOptions.REHEARSAL_THREADS)
                        .start(() -> rehearse(version, logLevels, tls));
        try {
            boolean ended = thread.join(LIMIT.multipliedBy(4));
            System.gc(); // what the rehearsal has left; else it is done while clients arrive
            if (!ended) {
                LOG.warn("the warm-up does not come to its end and is left alone");
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void rehearse(String version, LogLevels logLevels, boolean tls) {
        long began = System.nanoTime();
        Path directory = null;
        try {
            if (tls) {
                RecordsWarmUp.run(TLS);
            }
            directory = Files.createTempDirectory("pg_doorman-warm-up");
            int rounds = run(version, logLevels, directory, began);
            LOG.debug(
                    "warm-up: {} rounds in {} ms", rounds, (System.nanoTime() - began) / 1_000_000);
        } catch (IOException | HandoverException | RuntimeException e) {
            LOG.warn("warm-up not completed: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (directory != null) {
                delete(directory);
            }
        }
    }

    private static int run(String version, LogLevels logLevels, Path directory, long began)
            throws IOException, HandoverException, InterruptedException {
        Config config = config(directory);
        var options = RunOptions.inner(version, logLevels);
        List<WarmUpClient> clients = new ArrayList<>();
        int rounds = 0;
        try (var _ = WarmUpBackend.start(directory.resolve(".s.PGSQL.5432"));
                var one = new Pooler(java.util.Optional.empty(), config, options);
                var other = new Pooler(java.util.Optional.empty(), config, options)) {
            Path socket = directory.resolve("pooler");
            one.acceptOn(socket);
            other.host().lastServerId().set(Integer.MAX_VALUE); // numbers of servers are unique
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(WarmUpClient.logIn(socket));
            }
            Host from = one.host();
            Host to = other.host();
            while (goesOn(rounds, System.nanoTime() - began)) {
                for (int i = 0; i < QUERIES; i++) {
                    for (WarmUpClient client : clients) {
                        client.send(i % 2 == 0);
                    }
                    for (WarmUpClient client : clients) {
                        client.awaitReady();
                    }
                }
                for (WarmUpClient client : clients.subList(0, IN_TRANSACTION)) {
                    client.begin();
                }
                DryRun.handOver(from, to);
                for (WarmUpClient client : clients.subList(0, IN_TRANSACTION)) {
                    client.commit();
                }
                Host next = from;
                from = to;
                to = next;
                rounds++;
            }
        } finally {
            clients.forEach(WarmUpClient::close);
        }
        return rounds;
    }

    private static boolean goesOn(int rounds, long nanos) {
        return nanos < (rounds < LEAST_ROUNDS ? LIMIT : USUAL).toNanos();
    }

    private static Config config(Path directory) throws IOException {
        Path file = directory.resolve("warm-up.toml");
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(
                file,
                """
                [general]
                host = "127.0.0.1"
                port = 1
                admin_username = "admin"
                admin_password = "admin"
                worker_threads = 2
                pg_hba = {content = "local all all trust"}
                [pools.warm]
                server_host = "%s"
                server_port = 5432
                pool_mode = "transaction"
                [[pools.warm.users]]
                username = "warm"
                password = ""
                pool_size = 8
                """
                        .formatted(directory));
        LoadResult loaded = ConfigLoader.load(file);
        return loaded.config()
                .orElseThrow(() -> new IllegalStateException(loaded.problems().toString()));
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            LOG.debug("{} is left", directory, e);
        }
    }
}
