package io.pgdoorman.tls;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.LeakPresenceDetector;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.ClientHellos;
import io.pgdoorman.tls.TlsContext.PeerCertificate;
import io.pgdoorman.tls.TlsContext.Terms;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

import javax.net.ssl.SSLException;

/** A handshake that begins with what was a good message of JSSE once. */
@Timeout(60)
class MutatedHelloTest {
    /** No hello has more bytes. */
    private static final int WHOLE = 1 << 17;

    /** Its key is prepared with the first handshake, and stays with it: no leak of any test. */
    private static final TlsContext CONTEXT =
            LeakPresenceDetector.staticInitializer(MutatedHelloTest::context);

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    /** Whose use is known, whatever other tests have left. */
    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);

    /** What becomes of a hello. */
    private enum Outcome {
        ANSWERED,
        WAITED_FOR,
        REFUSED
    }

    private static TlsContext context() {
        try {
            Path directory = Files.createTempDirectory("hellos");
            TlsFiles files =
                    TlsFiles.read(
                            TlsPaths.of(
                                    Certificates.copy("server.crt", directory),
                                    Certificates.copy("server.key", directory),
                                    Optional.empty()));
            for (String name : List.of("server.crt", "server.key", "")) {
                Files.delete(directory.resolve(name));
            }
            var context = TlsContext.forClients(files, List.of(), PeerCertificate.NONE, Terms.ALL);
            outcome(context, new UnpooledByteBufAllocator(true), ClientHellos.of("TLSv1.3"), WHOLE);
            return context;
        } catch (IOException | TlsFilesException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void begin() {
        lines.start();
        ((Logger) LoggerFactory.getLogger(Handshake.class)).addAppender(lines);
    }

    @AfterEach
    void end() {
        ((Logger) LoggerFactory.getLogger(Handshake.class)).detachAppender(lines);
        assertThat(buffers.metric().usedHeapMemory()).as("bytes not released").isZero();
        assertThat(buffers.metric().usedDirectMemory()).as("bytes not released").isZero();
    }

    private Outcome outcome(byte[] hello, int piece) {
        return outcome(CONTEXT, buffers, hello, piece);
    }

    private static Outcome outcome(
            TlsContext context, ByteBufAllocator buffers, byte[] hello, int piece) {
        try (var pair = new TlsPair()) {
            TlsPair.End server = pair.server;
            server.channel.config().setAllocator(buffers);
            server.begin(context, "", Unpooled.EMPTY_BUFFER);
            for (int at = 0; at < hello.length && server.channel.isOpen(); at += piece) {
                int length = Math.min(piece, hello.length - at);
                ByteBuf bytes = buffers.buffer(length);
                server.channel.writeInbound(bytes.writeBytes(hello, at, length));
                server.channel.runPendingTasks();
            }
            if (server.failure != null) {
                assertThat(server.failure).isInstanceOfAny(SSLException.class, TlsException.class);
                assertThat(server.channel.isOpen()).isFalse();
                return Outcome.REFUSED;
            }
            assertThat(server.result).isNull();
            return server.channel.outboundMessages().isEmpty()
                    ? Outcome.WAITED_FOR
                    : Outcome.ANSWERED;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void isAnsweredRefusedOrWaitedForAndNothingElse(String version) {
        byte[] good = ClientHellos.of(version);
        var random = new Random(20260401);
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        for (int i = 0; i < 1_000; i++) {
            byte[] hello = ClientHellos.mutated(good, random);
            int piece = random.nextInt(4) == 0 ? 1 + random.nextInt(50) : Integer.MAX_VALUE;

            outcomes.merge(outcome(hello, Math.min(piece, WHOLE)), 1, Integer::sum);
        }

        assertThat(lines.list).noneMatch(line -> line.getLevel().isGreaterOrEqual(Level.WARN));
        // Or the changes are such as nobody notices, or such as nobody looks behind.
        assertThat(outcomes).containsOnlyKeys(Outcome.values());
        assertThat(outcomes.values()).allMatch(count -> count > 50);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void mayBeCutIntoTwoRecordsAnywhere(String version) {
        byte[] good = ClientHellos.of(version);

        for (int at = 1; at < ClientHellos.messageBytes(good); at++) {
            assertThat(outcome(ClientHellos.split(good, at), WHOLE))
                    .as("cut after %d bytes", at)
                    .isEqualTo(Outcome.ANSWERED);
        }
    }

    @Test
    void aGoodOneIsAnswered() {
        assertThat(outcome(ClientHellos.of("TLSv1.3"), WHOLE)).isEqualTo(Outcome.ANSWERED);
        assertThat(outcome(ClientHellos.of("TLSv1.2"), WHOLE)).isEqualTo(Outcome.ANSWERED);
    }
}
