package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

class LogQueueTest {
    private final LoggerContext context = new LoggerContext();
    private final Logger logger = context.getLogger("io.pgdoorman.session.Session");
    private final Lines lines = new Lines();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // it wraps around
    private final LogQueue queue = new LogQueue(lines, nanos::get);

    @BeforeEach
    void start() {
        context.setMDCAdapter(new LogbackMDCAdapter());
        queue.setContext(context);
        queue.start();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(queue);
    }

    @AfterEach
    void stop() {
        lines.allow(1_000_000);
        context.stop();
    }

    private void passSeconds(int seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void whatIsLoggedIsWrittenInItsOrder() {
        logger.info("one");
        logger.debug("two {}", 2);

        queue.stop();

        assertThat(lines.all()).containsExactly("INFO one", "DEBUG two 2");
    }

    // ---- a sink that does not keep up -----------------------------------------------------------

    @Test
    void nobodyWaitsForASinkThatDoesAndItsLossesAreTold() {
        lines.block();
        logger.info("the writer takes this one");
        await().until(() -> lines.waiting() == 1);

        for (int i = 0; i < LogQueue.CAPACITY + 7; i++) {
            logger.info("{}", i);
        }

        assertThat(queue.lost()).isEqualTo(7);
        lines.allow(LogQueue.CAPACITY + 2);
        await().until(() -> lines.all().size() == LogQueue.CAPACITY + 2);
        assertThat(lines.all())
                .contains("WARN 7 lines of the log are lost: the test did not take them in time");
    }

    @Test
    void anErrorOfTheSinkIsNotItsEnd() {
        lines.setBroken(true);
        logger.info("one");
        logger.info("two");
        await().until(() -> queue.lost() == 2);
        lines.setBroken(false);
        passSeconds(1);

        logger.info("three");
        queue.stop();

        assertThat(lines.all())
                .contains("INFO three")
                .contains(
                        "WARN 2 lines of the log are lost: the test failed: No space left on"
                                + " device");
    }

    @Test
    void theEndDoesNotWaitLongForASinkThatDoes() {
        lines.block();
        logger.info("never written");
        await().until(() -> lines.waiting() == 1);

        long began = System.nanoTime();
        queue.stop();

        assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    // ---- repeats --------------------------------------------------------------------------------

    @Test
    void beyondTenInASecondOneLineTellsTheNumber() {
        for (int i = 1; i <= 47; i++) {
            logger.warn("{} refused", new Peer(i, "shop", true));
        }
        passSeconds(1);

        await().until(() -> lines.all().size() == 11);
        assertThat(lines.all().getFirst()).isEqualTo("WARN [shop #c1] refused");
        assertThat(lines.all().get(9)).isEqualTo("WARN [shop #c10] refused");
        assertThat(lines.all().getLast())
                .isEqualTo("WARN [shop #c47] refused ... repeated 37 times");
    }

    @Test
    void tenInASecondAreNotRepeated() {
        for (int i = 1; i <= 20; i++) {
            if (i == 11) {
                passSeconds(1);
                await().until(() -> lines.all().size() == 10);
                logger.info("the writer ends the second");
                await().until(() -> lines.all().size() == 11);
            }
            logger.warn("{} refused", new Peer(i, "shop", true));
        }
        queue.stop();

        assertThat(lines.all()).hasSize(21).noneMatch(line -> line.contains("repeated"));
    }

    @Test
    void otherPoolsAndOtherMessagesAreNotAlike() {
        for (int i = 1; i <= 12; i++) {
            logger.warn("{} refused", new Peer(i, "shop", true));
        }
        logger.warn("{} refused", new Peer(13, "bank", true));
        logger.warn("{} violates", new Peer(14, "shop", true));
        queue.stop();

        assertThat(lines.all())
                .contains("WARN [bank #c13] refused", "WARN [shop #c14] violates")
                .contains("WARN [shop #c12] refused ... repeated 2 times")
                .hasSize(13);
    }

    @ParameterizedTest
    @CsvSource({"INFO, true, 30", "INFO, false, 11", "DEBUG, false, 30", "ERROR, true, 11"})
    void onlyWhatClientsCauseAtWillIsLimited(String level, boolean known, int written) {
        for (int i = 0; i < 30; i++) {
            logger.atLevel(org.slf4j.event.Level.valueOf(level))
                    .log("{} line", new Peer(i, "", known));
        }
        queue.stop();

        assertThat(lines.all()).hasSize(written);
    }

    /** A configuration may have many problems, each a line. */
    @Test
    void whatIsAboutNoClientIsNotLimited() {
        for (int i = 0; i < 30; i++) {
            logger.error("problem {}", i);
        }
        queue.stop();

        assertThat(lines.all()).hasSize(30);
    }

    @Test
    void theEndTellsOfRepeatsToo() {
        for (int i = 1; i <= 11; i++) {
            logger.warn("{} refused", new Peer(i, "shop", true));
        }

        queue.stop();

        assertThat(lines.all().getLast())
                .isEqualTo("WARN [shop #c11] refused ... repeated 1 times");
    }

    @Test
    void rehearsalsAreSilentUnlessTheyGoWrong() throws InterruptedException {
        Thread rehearsal =
                Thread.ofPlatform()
                        .name(LogSetup.QUIET_THREADS + "-loop-1")
                        .start(
                                () -> {
                                    logger.info("all is well");
                                    logger.warn("it is not");
                                });
        rehearsal.join();
        queue.stop();

        assertThat(lines.all()).containsExactly("WARN it is not");
    }
}
