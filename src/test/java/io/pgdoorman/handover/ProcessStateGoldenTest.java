package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.embedded.EmbeddedChannel;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.handover.format.Resource;
import io.pgdoorman.handover.format.Shape;
import io.pgdoorman.handover.format.Tree;
import io.pgdoorman.log.LogFilterException;
import io.pgdoorman.lookup.LookedUpUser;
import io.pgdoorman.lookup.UserCache;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The bytes of what a successor is told: those of each version stay readable for ever. For a field
 * that is added see {@code BatchGoldenTest}.
 */
class ProcessStateGoldenTest {
    private static final String OLDEST = "v1/state.hex";
    private static final String NEWEST = "v1/state-lookups.hex";

    /** Of {@link #NEWEST}; a version that writes none leaves the log as it is. */
    private static final String LOG_FILTER = "warn,pg_doorman::pool=debug";

    private static final long BEGAN = 123_456_789_012_345L;

    private final StateHost predecessor = new StateHost(StateHost.SECRET);
    private final StateHost successor = new StateHost("the secret of the successor.....");

    private static final String QUERY = "SELECT passwd FROM users WHERE name = $1";
    private static final LookedUpUser ANN =
            new LookedUpUser(
                    new StoredSecret.Md5("md5" + "0123456789abcdef".repeat(2)),
                    Map.of("work_mem", "64MB"));
    private static final LookedUpUser SUE =
            new LookedUpUser(
                    ((ServerCredential.ScramClientKey) StateHost.SCRAM).secret(), Map.of());

    /** Everything there is to know. */
    private void fill() throws LogFilterException {
        predecessor.consoleSettings = Map.of("general.idle_timeout", "5s");
        predecessor.logLevels.set(LOG_FILTER);
        predecessor.coordinators.put("shop", new Coordinator(10, 2));
        predecessor.sessions.continueAfter(41);
        predecessor.lastServerId.set(17);
        predecessor.sessions.accept(new EmbeddedChannel());
        Pool alice = StateHost.addShop(predecessor);
        alice.learnReported(StateHost.PROFILE, StateHost.REPORTED);
        StateHost.connector(alice).learn(StateHost.SCRAM);
        StateHost.connector(predecessor.addPool("shop", "bob", "localhost", StateHost.NONE, 5))
                .learn(StateHost.MD5);
        Pool carol = predecessor.addPool("shop", "carol", "localhost", StateHost.NONE, 5);
        StateHost.connector(carol).learn(new ServerCredential.Plain(Bytes.ofText("sesame")));
        alice.pause();
        carol.setDisabled(true);
        UserCache cache = predecessor.addLookup("shop", QUERY).cache();
        // Half a second more than is written, whatever the test takes.
        long age = TimeUnit.MILLISECONDS.toNanos(90_500);
        cache.adopt("ann", new UserCache.Remembered(ANN, age));
        cache.adopt("sue", new UserCache.Remembered(SUE, 0));
        cache.adopt(
                "tom",
                new UserCache.Remembered(
                        new LookedUpUser(new StoredSecret.Unusable("no"), Map.of()), 0));
    }

    private static StateHost successorOfAll() {
        var host = new StateHost("the secret of the successor.....");
        host.coordinators.put("shop", new Coordinator(10, 2));
        StateHost.addShop(host);
        host.addPool("shop", "bob", "localhost", StateHost.NONE, 5);
        host.addPool("shop", "carol", "localhost", StateHost.NONE, 5);
        return host;
    }

    private static void assertKnowsAll(byte[] state, String logFilter) throws FormatException {
        StateHost host = successorOfAll();

        long began = ProcessState.adopt(host, state);

        assertThat(began).isEqualTo(BEGAN);
        assertThat(host.logLevels.current()).isEqualTo(logFilter);
        assertThat(host.sessions.lastId()).isEqualTo(1_042);
        assertThat(host.lastServerId).hasValue(1L << 32);
        assertThat(host.authentication.processSecret()).isEqualTo(Bytes.ofText(StateHost.SECRET));
        assertThat(host.coordinators.get("shop").free()).isZero();
        assertThat(host.pools()).allMatch(pool -> pool.free() == 0);
        assertThat(host.pools())
                .extracting(pool -> StateHost.connector(pool).credential())
                .containsExactly(
                        StateHost.SCRAM,
                        StateHost.MD5,
                        new ServerCredential.Plain(Bytes.ofText("sesame")));
        assertThat(host.pools().iterator().next().reported())
                .isEqualTo(Map.of(StateHost.PROFILE, StateHost.REPORTED));
    }

    /** The fingerprints too: if they change, no server outlives the next handover. */
    @Test
    void whatIsWrittenNowIsInTheNewestFile() throws Exception {
        fill();

        byte[] state = ProcessState.share(predecessor, BEGAN).toByteArray();

        assertThat(state).isEqualTo(Resource.bytes(NEWEST));
    }

    @ParameterizedTest
    @CsvSource({
        OLDEST + ", info",
        "v1/state-log.hex, '" + LOG_FILTER + "'",
        "v1/state-paused.hex, '" + LOG_FILTER + "'",
        "v1/state-settings.hex, '" + LOG_FILTER + "'",
        NEWEST + ", '" + LOG_FILTER + "'"
    })
    void whatAVersionHasWrittenIsReadForEver(String file, String logFilter) throws Exception {
        assertKnowsAll(Resource.bytes(file), logFilter);
    }

    @Test
    void whatAnOperatorHasClosedStaysClosed() throws Exception {
        StateHost host = successorOfAll();

        ProcessState.adopt(host, Resource.bytes(NEWEST));

        assertThat(host.pools()).extracting(Pool::isPaused).containsExactly(true, false, false);
        assertThat(host.pools()).extracting(Pool::isDisabled).containsExactly(false, false, true);
    }

    @Test
    void whatWasSetOnTheConsoleStaysSet() throws Exception {
        StateHost host = successorOfAll();

        ProcessState.adopt(host, Resource.bytes(NEWEST));

        assertThat(host.consoleSettings).isEqualTo(Map.of("general.idle_timeout", "5s"));
    }

    @Test
    void usersWhoWereLookedUpAreKnown() throws Exception {
        StateHost host = successorOfAll();
        UserCache cache = host.addLookup("shop", QUERY).cache();

        ProcessState.adopt(host, Resource.bytes(NEWEST));

        assertThat(cache.remembered("ann")).isEqualTo(ANN);
        assertThat(cache.remembered("sue")).isEqualTo(SUE);
        assertThat(cache.size()).isEqualTo(2);
        cache.forEach(
                (name, known) ->
                        assertThat(TimeUnit.NANOSECONDS.toSeconds(known.ageNanos()))
                                .as(name)
                                .isEqualTo(name.equals("ann") ? 90 : 0));
    }

    @Test
    void whatAnotherQueryFoundIsForgotten() throws Exception {
        StateHost host = successorOfAll();
        UserCache cache = host.addLookup("shop", QUERY + " AND active").cache();

        ProcessState.adopt(host, Resource.bytes(NEWEST));

        assertThat(cache.size()).isZero();
    }

    @Test
    void unknownFieldsAreSkippedWhereverTheyAre() throws Exception {
        Tree tree = Tree.parse(Resource.bytes(NEWEST), Shape.PROCESS);

        for (byte[] state : tree.withUnknownFields()) {
            assertKnowsAll(state, LOG_FILTER);
        }
    }

    @Test
    void whatIsNoStateIsRefused() {
        StateHost host = successorOfAll();

        Messages.assertHostile(
                Resource.bytes(NEWEST),
                MessageType.STATE,
                message -> ProcessState.adopt(host, message.body()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"md5", "md50123456789abcdefABCDEF", "a password", "SCRAM-SHA-256$"})
    void aHashThatIsNoneIsRefused(String hash) {
        StateHost.addShop(successor);
        byte[] state =
                new FieldWriter()
                        .put(
                                6,
                                new FieldWriter()
                                        .put(1, "shop")
                                        .put(2, "alice")
                                        .put(4, new FieldWriter().put(2, "alice").put(3, hash)))
                        .toByteArray();

        assertThatThrownBy(() -> ProcessState.adopt(successor, state))
                .isInstanceOf(FormatException.class)
                .hasMessageNotContaining(hash);
    }

    @Test
    void aKeyWithoutItsSecretTeachesNothing() throws Exception {
        Pool next = StateHost.addShop(successor);
        byte[] fingerprint = StateHost.connector(next).fingerprint();
        var credential = new FieldWriter().put(4, new byte[32]).put(5, "SCRAM-SHA-256$broken");
        byte[] state =
                new FieldWriter()
                        .put(
                                6,
                                new FieldWriter()
                                        .put(1, "shop")
                                        .put(2, "alice")
                                        .put(3, fingerprint)
                                        .put(4, credential))
                        .toByteArray();

        ProcessState.adopt(successor, state);

        assertThat(StateHost.connector(next).credential()).isEqualTo(StateHost.NONE);
    }
}
