package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.pgdoorman.auth.AuthenticationContext;
import io.pgdoorman.auth.ScramKeyCache;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.UsualSecrets;
import io.pgdoorman.net.SocketSettings;
import io.pgdoorman.net.Transport;
import io.pgdoorman.net.TransportChoice;
import io.pgdoorman.secret.Secrets;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.LeakCheck;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

@ExtendWith(LeakCheck.class)
class ServerLoginTest {
    private static final ServerCredential PASSWORD =
            new ServerCredential.Plain(Bytes.ofText("sesame"));
    private static final byte[] OK = Backend.authentication(0);
    private static final byte[] KEY = Backend.backendKeyData(42, new byte[] {1, 2, 3, 4});
    private static final byte[] READY = Backend.readyForQuery('I');

    private final Outcome outcome = new Outcome();
    private final TestChannel channel = new TestChannel();

    @AfterEach
    void dispose() {
        channel.dispose();
    }

    private ServerLogin begin(ServerCredential credential, boolean oldProtocol) {
        var target =
                new ServerTarget(
                        "alice@shop",
                        "nowhere",
                        5432,
                        "shop",
                        "alice",
                        credential,
                        "pooler",
                        Map.of(),
                        Duration.ofSeconds(10),
                        SocketSettings.DEFAULT,
                        ServerTls.OFF);
        var authentication =
                new AuthenticationContext(
                        new SecureRandom(),
                        new ScramKeyCache(10),
                        Bytes.ofText("a secret of this process"),
                        new UsualSecrets());
        var shared =
                new ServerConnector.Shared(
                        Transport.select(TransportChoice.EPOLL, text -> {}),
                        Runnable::run,
                        Runnable::run,
                        authentication,
                        new Secrets(),
                        new AtomicLong(),
                        false);
        var login =
                new ServerLogin(
                        target,
                        credential,
                        shared,
                        ParameterSet.of(Map.of("TimeZone", "CET")),
                        oldProtocol,
                        Optional.empty(),
                        outcome);
        channel.freezeTime();
        channel.pipeline().addLast(login);
        channel.pipeline().fireChannelActive();
        return login;
    }

    private void begin() {
        begin(PASSWORD, false);
        channel.receivedBytes();
    }

    private LoginFailure failure() {
        assertThat(outcome.calls).isEqualTo(1);
        if (outcome.failure == null) {
            throw new AssertionError("did not fail");
        }
        return outcome.failure;
    }

    private ServerLogin.Result result() {
        assertThat(outcome.calls).isEqualTo(1);
        if (outcome.result == null) {
            throw new AssertionError("failed");
        }
        return outcome.result;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void introducesItself(boolean oldProtocol) {
        begin(PASSWORD, oldProtocol);

        String packet = new String(channel.receivedBytes(), StandardCharsets.ISO_8859_1);

        assertThat(packet.substring(4, 8)).isEqualTo(oldProtocol ? "\0\3\0\0" : "\0\3\0\2");
        assertThat(packet.substring(8))
                .isEqualTo(
                        "user\0alice\0database\0shop\0application_name\0pooler\0TimeZone\0CET\0\0");
    }

    @Test
    void collectsWhatPostgresReports() {
        begin();

        channel.send(
                OK,
                Backend.parameterStatus("TimeZone", "UTC"),
                Backend.notice("welcome"),
                Backend.parameterStatus("TimeZone", "CET"),
                KEY,
                READY);

        assertThat(result().parameters().toMap()).containsExactly(Map.entry("TimeZone", "CET"));
        assertThat(result().cancelKey()).isEqualTo(CancelKey.of(42, new byte[] {1, 2, 3, 4}));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 100})
    void readsTheSameInPieces(int size) {
        begin();

        channel.sendInPieces(
                Frontend.concat(OK, Backend.parameterStatus("a", "b"), KEY, READY), size);

        assertThat(result().parameters().get("a")).isEqualTo("b");
    }

    @Test
    void takesALongCancelKey() {
        begin();
        byte[] secret = new byte[256];

        channel.send(OK, Backend.backendKeyData(7, secret), READY);

        assertThat(result().cancelKey()).isEqualTo(CancelKey.of(7, secret));
    }

    @Test
    void goesOnWithoutACancelKey() {
        begin();

        channel.send(OK, READY);

        assertThat(result().cancelKey().processId()).isZero();
    }

    @Test
    void acceptsAnOlderVersion() {
        begin();

        channel.send(
                Frontend.message(
                        'v',
                        Frontend.concat(Frontend.int32(Frontend.PROTOCOL_3_0), Frontend.int32(0))),
                OK,
                KEY,
                READY);

        assertThat(result().cancelKey().processId()).isEqualTo(42);
    }

    @Test
    void sendsAPassword() {
        begin();

        channel.send(Backend.authentication(3));

        assertThat(channel.receivedBytes()).isEqualTo(Frontend.password("sesame"));
    }

    @Test
    void beginsScram() {
        begin();

        channel.send(
                Backend.authentication(
                        10, "SCRAM-SHA-256\0\0".getBytes(StandardCharsets.US_ASCII)));

        assertThat(channel.receivedBytes())
                .startsWith('p')
                .contains("SCRAM-SHA-256".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void tellsThatAPasswordGoesInClearText() {
        begin();

        channel.send(Backend.authentication(3));

        assertThat(channel.receivedBytes())
                .startsWith('p')
                .endsWith("sesame\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(outcome.inClearText).isEqualTo(1);
    }

    @Test
    void aHashIsNotClearText() {
        begin();

        channel.send(Backend.authentication(5, new byte[4]));

        assertThat(channel.receivedBytes()).startsWith('p');
        assertThat(outcome.inClearText).isZero();
    }

    @Test
    void failsWithoutTheSecretPostgresAsksFor() {
        begin(new ServerCredential.None(), false);

        channel.send(Backend.authentication(3));

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.IMPOSSIBLE);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void failsWithPostgresWords() {
        begin();

        channel.send(Backend.error("FATAL", "28P01", "password authentication failed"));

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.REFUSED);
        assertThat(failure().error().sqlState()).isEqualTo("28P01");
        assertThat(failure().error().message()).isEqualTo("password authentication failed");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void recognisesAServerThatRefusesTheProtocol() {
        begin();

        channel.send(
                Backend.error("FATAL", "0A000", "unsupported frontend protocol 3.2: supports 3.0"));

        assertThat(ServerLogin.isProtocolRefusal(failure())).isTrue();
    }

    @Test
    void failsWhenTheConnectionBreaks() {
        begin();

        channel.disconnectPeer();

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.UNREACHABLE);
        assertThat(failure().error().message()).contains("closed the connection during login");
    }

    @Test
    void prefersTheReasonThatCameBeforeTheConnectionBroke() {
        begin();

        channel.send(Backend.error("FATAL", "53300", "too many clients"));
        channel.disconnectPeer();

        assertThat(failure().error().sqlState()).isEqualTo("53300");
    }

    @Test
    void failsWhenItTakesTooLong() {
        begin();
        channel.send(OK);

        channel.advanceTimeBy(11, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.TIMEOUT);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void hasNoTimeLimitAfterwards() {
        begin();
        channel.send(OK, KEY, READY);

        channel.advanceTimeBy(11, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();

        assertThat(result().cancelKey().processId()).isEqualTo(42);
        assertThat(channel.isOpen()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1, Integer.MAX_VALUE, (1 << 20) + 5})
    void failsOnALengthThatCannotBe(int length) {
        begin();

        channel.send(Frontend.header('R', length));

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.IMPOSSIBLE);
        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(chars = {'D', 'T', 'C', 'G', '!'})
    void failsOnAMessageThatDoesNotBelongHere(char type) {
        begin();

        channel.send(OK, Backend.empty(type));

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.IMPOSSIBLE);
        assertThat(failure().error().sqlState()).isEqualTo("08P01");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void failsIfPostgresIsReadyWithoutHavingAdmittedIt() {
        begin();

        channel.send(KEY, READY);

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.IMPOSSIBLE);
    }

    @Test
    void failsIfItCannotConnect() {
        ServerLogin login = begin(PASSWORD, false);

        login.onConnectFailed(new IOException("Connection refused"));

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.UNREACHABLE);
        assertThat(failure().error().message()).contains("nowhere:5432", "Connection refused");
    }

    @Test
    void tellsThatItHasNoDescriptorLeft() {
        ServerLogin login = begin(PASSWORD, false);

        login.onConnectFailed(new IOException("Too many open files"));

        assertThat(failure().kind()).isEqualTo(LoginFailure.Kind.RESOURCES);
    }

    /** Counts, so that a second call is noticed. */
    private static final class Outcome implements ServerLogin.Listener {
        int calls;
        int inClearText;
        ServerLogin.@Nullable Result result;
        @Nullable LoginFailure failure;

        @Override
        public void onDone(Channel channel, ServerLogin.Result done) {
            calls++;
            result = done;
        }

        @Override
        public void onClearText() {
            inClearText++;
        }

        @Override
        public void onFailure(LoginFailure why) {
            calls++;
            failure = why;
        }

        @Override
        public void onTls(long handshakeNanos) {}

        @Override
        public void onTlsFailed() {}
    }
}
