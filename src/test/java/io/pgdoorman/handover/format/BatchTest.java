package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.MovingServer;
import io.pgdoorman.backend.ParameterInterner;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.session.FrozenLogin;
import io.pgdoorman.session.FrozenSession;
import io.pgdoorman.session.FrozenVerdict;
import io.pgdoorman.session.MovingLogin;
import io.pgdoorman.session.MovingSession;
import io.pgdoorman.wire.CancelKey;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What is written down is read again as it was. */
class BatchTest {
    private static final List<DetachedSocket> SOCKETS =
            List.of(
                    Samples.plain(7),
                    new DetachedSocket(8, new byte[0], Samples.bytes("rows")),
                    new DetachedSocket(9, Samples.bytes("SELECT"), new byte[0]),
                    new DetachedSocket(10, new byte[300], Samples.secret(2_000)));

    static Stream<Arguments> sessions() {
        return Samples.sessions().entrySet().stream()
                .map(entry -> Arguments.of(entry.getKey(), entry.getValue()));
    }

    private static void assertSurvives(Batch batch) throws FormatException {
        Batch.Encoded encoded = batch.encode(Samples.NOW);

        Batch read = Decoded.decode(encoded);

        Decoded.assertSame(read, batch);
    }

    private static Batch servers(MovingServer... servers) {
        return new Batch(List.of(), List.of(), List.of(), List.of(servers), List.of(), List.of());
    }

    private static Batch login(FrozenLogin login, DetachedSocket socket) {
        return new Batch(
                List.of(),
                List.of(new MovingLogin(login, socket)),
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sessions")
    void aSessionSurvives(String what, SessionBuilder session) throws Exception {
        assertSurvives(Samples.batch(Samples.moving(session)));
    }

    @Test
    void aSessionWithEverythingSurvives() throws Exception {
        assertSurvives(Samples.batch(Samples.moving(Samples.everything())));
    }

    @Test
    void allSessionsTogetherSurviveInTheirOrder() throws Exception {
        List<MovingSession> sessions = new ArrayList<>();
        int fd = 100;
        for (SessionBuilder session : Samples.sessions().values()) {
            sessions.add(
                    new MovingSession(
                            session.build(),
                            new DetachedSocket(fd++, new byte[fd], Samples.bytes("x" + fd)),
                            session.server == null ? null : Samples.plain(fd++)));
        }

        assertSurvives(Samples.batch(sessions.toArray(MovingSession[]::new)));
    }

    @Test
    void bytesOnTheirWaySurvive() throws Exception {
        for (DetachedSocket client : SOCKETS) {
            for (DetachedSocket server : SOCKETS) {
                var session = new SessionBuilder();
                session.server = new ServerBuilder();

                assertSurvives(
                        Samples.batch(
                                new MovingSession(
                                        session.build(),
                                        client,
                                        new DetachedSocket(
                                                20, server.unread(), server.unwritten()))));
            }
        }
    }

    @Test
    void manyBytesOnTheirWaySurvive() throws Exception {
        var socket = new DetachedSocket(7, Samples.secret(3 << 20), Samples.secret(20 << 20));
        Batch.Encoded encoded =
                servers(new MovingServer(new ServerBuilder().build(), socket)).encode();

        DetachedSocket read = Decoded.decode(encoded).servers().getFirst().socket();

        assertThat(read.unread()).isEqualTo(socket.unread());
        assertThat(read.unwritten()).isEqualTo(socket.unwritten());
    }

    static Stream<SocketAddress> addresses() {
        return Stream.of(
                ServerBuilder.IPV4,
                ServerBuilder.IPV6,
                ServerBuilder.IPV6_LINK_LOCAL,
                ServerBuilder.UNIX);
    }

    @ParameterizedTest
    @MethodSource("addresses")
    void aServerSurvivesWhereverItIs(SocketAddress address) throws Exception {
        var server = new ServerBuilder();
        server.address = address;

        assertSurvives(servers(new MovingServer(server.build(), SOCKETS.getLast())));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, Long.MAX_VALUE})
    void theLimitsOfAServerSurvive(long nanos) throws Exception {
        var server = new ServerBuilder();
        server.lifetimeNanos = nanos;
        server.idleNanos = nanos;

        assertSurvives(servers(new MovingServer(server.build(), Samples.plain(7))));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 32, 256})
    void theSecretOfAServerSurvives(int length) throws Exception {
        var server = new ServerBuilder();
        server.cancelKey = CancelKey.of(Integer.MIN_VALUE, Samples.secret(length));

        assertSurvives(servers(new MovingServer(server.build(), Samples.plain(7))));
    }

    @Test
    void aLoginSurvives() throws Exception {
        assertSurvives(
                login(
                        new FrozenLogin(
                                1,
                                false,
                                new byte[0],
                                new byte[0],
                                0,
                                0,
                                0,
                                new byte[0],
                                new byte[0],
                                null),
                        SOCKETS.get(0)));
        assertSurvives(
                login(
                        new FrozenLogin(
                                Integer.MAX_VALUE,
                                true,
                                Samples.secret(10_000),
                                Samples.secret(18),
                                Integer.MAX_VALUE,
                                0xFFFF_FFFFL,
                                Long.MAX_VALUE,
                                Samples.secret(64),
                                Samples.secret(32),
                                new FrozenVerdict("LDAP", "cn=alice,dc=tests", "")),
                        SOCKETS.get(3)));
    }

    @Test
    void permitsSurvive() throws Exception {
        assertSurvives(
                new Batch(
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(
                                new Batch.Permits("shop", "alice", 1),
                                new Batch.Permits("shop", "böb", Integer.MAX_VALUE)),
                        List.of(new Batch.Permits("", "", 0))));
    }

    @Test
    void nothingSurvives() throws Exception {
        assertThat(Samples.batch().isEmpty()).isTrue();
        assertSurvives(Samples.batch());
    }

    @Test
    void everythingSurvives() throws Exception {
        assertThat(Samples.batchOfEverything().isEmpty()).isFalse();
        assertSurvives(Samples.batchOfEverything());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE})
    void timesAreThoseOfTheProcessThatReads(long theirNow) throws Exception {
        Batch.Encoded encoded =
                Samples.batch(Samples.moving(Samples.everything())).encode(Samples.NOW);

        Batch read =
                Batch.decode(encoded.bytes(), encoded.fds(), new ParameterInterner(), theirNow);

        FrozenSession before = Samples.everything().build();
        FrozenSession after = read.sessions().getFirst().state();
        long shift = theirNow - Samples.NOW;
        assertThat(after.connectedNanos()).isEqualTo(before.connectedNanos() + shift);
        FrozenSession.Place place = Objects.requireNonNull(before.place());
        assertThat(after.place())
                .isEqualTo(
                        new FrozenSession.Place(
                                place.sinceNanos() + shift, place.deadlineNanos() + shift));
        FrozenServer server = Objects.requireNonNull(before.server());
        FrozenServer moved = Objects.requireNonNull(after.server());
        ServerIdentity identity = server.identity();
        assertThat(moved.idleSinceNanos()).isEqualTo(server.idleSinceNanos() + shift);
        assertThat(moved.identity().bornNanos()).isEqualTo(identity.bornNanos() + shift);
        assertThat(moved.identity().lifetimeNanos()).isEqualTo(identity.lifetimeNanos());
    }

    @Test
    void itIsNowWhenABatchIsWrittenAndRead() throws Exception {
        var session = new SessionBuilder();
        session.connectedNanos = System.nanoTime();
        Batch.Encoded encoded = Samples.batch(Samples.moving(session)).encode();

        Batch read = Batch.decode(encoded.bytes(), encoded.fds(), new ParameterInterner());

        assertThat(read.sessions().getFirst().state().connectedNanos())
                .isBetween(session.connectedNanos, System.nanoTime());
    }

    @Test
    void clientsWithTheSameParametersShareThem() throws Exception {
        var one = new SessionBuilder();
        var other = new SessionBuilder();
        one.parameters = Samples.REPORTED;
        other.parameters = ParameterSet.of(Samples.REPORTED.toMap());
        Batch.Encoded encoded =
                Samples.batch(
                                new MovingSession(one.build(), Samples.plain(1), null),
                                new MovingSession(other.build(), Samples.plain(2), null))
                        .encode(Samples.NOW);

        Batch read = Decoded.decode(encoded);

        assertThat(read.sessions().get(0).state().conversation().parameters())
                .isSameAs(read.sessions().get(1).state().conversation().parameters());
        Tree tree = Tree.parse(encoded.bytes(), Shape.BATCH);
        assertThat(tree.count(1)).as("parameter sets").isEqualTo(1);
    }

    @Test
    void descriptorsGoInTheOrderOfTheirNumbers() {
        Batch.Encoded encoded = Samples.batchOfEverything().encode(Samples.NOW);

        assertThat(encoded.fds()).containsExactly(21, 22, 23, 24, 27, 25, 26);
    }
}
