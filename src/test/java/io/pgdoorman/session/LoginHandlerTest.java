package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.pool.FakeServers;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A client from its first byte to its first ReadyForQuery. */
@ExtendWith(LeakCheck.class)
class LoginHandlerTest {
    private static final byte[] STARTUP = startup(Map.of());
    private static final byte[] NO = {'N'};

    private final SessionStage stage = new SessionStage();

    @BeforeEach
    void trustAlice() {
        stage.directory.secrets.put("alice", StoredSecret.parse("sesame"));
        hba("local all all trust");
    }

    @AfterEach
    void everyPermitComesBack() {
        stage.dispose();
        assertThat(stage.pool().open() - stage.source.logins.size()).isZero();
        assertThat(stage.sessions().all()).isEmpty();
        assertThat(stage.sessions().connections()).isZero();
    }

    private void hba(String rules) {
        stage.directory.hba =
                HbaRules.parse(
                        rules,
                        "test",
                        Path.of(""),
                        problem -> {
                            throw new IllegalArgumentException(problem.toString());
                        });
    }

    private static byte[] startup(Map<String, String> more) {
        return startup(Frontend.PROTOCOL_3_0, more);
    }

    private static byte[] startup(int version, Map<String, String> more) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", "alice");
        parameters.put("database", "shop");
        parameters.putAll(more);
        return Frontend.startup(version, parameters);
    }

    private static Map<String, String> parameters(List<Message> messages) {
        return messages.stream()
                .filter(message -> message.type() == 'S')
                .map(message -> new String(message.body(), StandardCharsets.UTF_8).split("\0"))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    }

    private static void pass(TestChannel client, int seconds) {
        client.advanceTimeBy(seconds, TimeUnit.SECONDS);
        client.runScheduledPendingTasks();
    }

    private static Message only(TestChannel client) {
        List<Message> messages = client.received();
        assertThat(messages).hasSize(1);
        return messages.getFirst();
    }

    private static Message of(List<Message> messages, char type) {
        return messages.stream()
                .filter(message -> message.type() == type)
                .findFirst()
                .orElseThrow();
    }

    private static void assertRefused(TestChannel client, String sqlState, String text) {
        List<Message> messages = client.received();
        assertThat(messages.getLast().type()).isEqualTo('E');
        assertThat(messages.getLast().field('S')).isEqualTo("FATAL");
        assertThat(messages.getLast().sqlState()).isEqualTo(sqlState);
        assertThat(messages.getLast().text()).contains(text);
        assertThat(client.isOutputShutdown()).isTrue();
    }

    // ---- before the startup packet --------------------------------------------------------------

    @Test
    void refusesEncryptionAndGoesOn() {
        TestChannel client = stage.connection();

        client.send(Frontend.sslRequest());
        byte[] first = client.receivedBytes();
        client.send(Frontend.gssEncRequest());
        byte[] second = client.receivedBytes();
        client.send(STARTUP);
        stage.accept();

        assertThat(first).isEqualTo(NO);
        assertThat(second).isEqualTo(NO);
        assertThat(client.receivedTypes()).startsWith("R").endsWith("KZ");
    }

    @Test
    void answersNoSSLRequestTwice() {
        TestChannel client = stage.connection();
        client.send(Frontend.sslRequest());
        client.receivedBytes();

        client.send(Frontend.sslRequest());

        assertRefused(client, "08P01", "SSLRequest");
    }

    @Test
    void answersNoGSSENCRequestTwice() {
        TestChannel client = stage.connection();
        client.send(Frontend.gssEncRequest());
        client.receivedBytes();

        client.send(Frontend.gssEncRequest());

        assertRefused(client, "08P01", "GSSENCRequest");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 3, 4, 7, 10_005, Integer.MAX_VALUE})
    void refusesAStartupPacketOfABadLength(int length) {
        TestChannel client = stage.connection();

        client.send(ByteBuffer.allocate(4).putInt(length).array());

        assertRefused(client, "08P01", "invalid length of startup packet");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2 << 16, 4 << 16, 80877105})
    void refusesAProtocolThatIsNotSpoken(int version) {
        TestChannel client = stage.connection();

        client.send(startup(version, Map.of()));

        assertThat(client.receivedTypes()).isEqualTo("E");
        assertThat(client.isOutputShutdown()).isTrue();
    }

    @Test
    void readsAStartupPacketCutAnywhere() {
        byte[] packet = Frontend.concat(Frontend.sslRequest(), STARTUP);
        for (int size = 1; size < 20; size++) {
            TestChannel client = stage.connection();
            client.sendInPieces(packet, size);
            stage.accept();

            assertThat(client.receivedBytes()).startsWith('N', 'R').endsWith('I');
            client.send(Frontend.terminate());
        }
    }

    // ---- parameters -----------------------------------------------------------------------------

    @Test
    void showsAServerLoggedInWithTheClientsParameters() {
        TestChannel client = stage.connection();
        client.send(startup(Map.of("application_name", "app", "TimeZone", "CET", "options", "x")));
        ParameterSet profile = stage.source.logins.getFirst().profile();

        stage.accept();

        assertThat(profile.toMap())
                .containsOnly(Map.entry("TimeZone", "CET"), Map.entry("options", "x"));
        assertThat(parameters(client.received()))
                .containsEntry("application_name", "app")
                .containsEntry("server_version", "18.1");
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void callsAClientWithoutANameLikeThePool() {
        TestChannel client = stage.connection();

        client.send(STARTUP);
        stage.accept();

        assertThat(parameters(client.received())).containsEntry("application_name", "pooler");
    }

    @Test
    void needsNoServerForParametersItKnows() {
        TestChannel client = stage.connection();
        client.send(STARTUP);
        stage.accept();
        client.send(Frontend.terminate());

        assertThat(stage.pool().reported(ParameterSet.EMPTY)).isEqualTo(stage.source.reported);
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void negotiatesAVersionThatIsTooNew() {
        TestChannel client = stage.connection();

        client.send(startup((3 << 16) | 9, Map.of("_pq_.new_thing", "1")));
        stage.accept();

        List<Message> messages = client.received();
        assertThat(messages.getFirst().type()).isEqualTo('v');
        byte[] body = messages.getFirst().body();
        assertThat(Arrays.copyOf(body, 4)).isEqualTo(Frontend.int32(Frontend.PROTOCOL_3_2));
        assertThat(new String(body, StandardCharsets.UTF_8)).contains("_pq_.new_thing");
        assertThat(of(messages, 'Z').body()).isEqualTo(new byte[] {'I'});
    }

    @Test
    void givesCancelKeysOfTheLengthTheProtocolAllows() {
        TestChannel older = stage.connection();
        older.send(STARTUP);
        stage.accept();
        TestChannel newer = stage.connection();
        newer.send(startup(Frontend.PROTOCOL_3_2, Map.of()));
        stage.accept();

        assertThat(of(older.received(), 'K').body()).hasSize(4 + 4);
        assertThat(of(newer.received(), 'K').body()).hasSize(4 + 32);
    }

    // ---- refusals -------------------------------------------------------------------------------

    @Test
    void refusesAClientWithoutAUser() {
        TestChannel client = stage.connection();

        client.send(startup(Map.of("user", "")));

        assertRefused(client, "28000", "no PostgreSQL user name");
    }

    @Test
    void refusesReplication() {
        TestChannel client = stage.connection();

        client.send(startup(Map.of("replication", "database")));

        assertRefused(client, "0A000", "replication");
    }

    @Test
    void refusesADatabaseThatHasNoPool() {
        TestChannel client = stage.connection();

        client.send(startup(Map.of("database", "nowhere")));

        assertRefused(client, "3D000", "nowhere");
    }

    @Test
    void refusesWhomNoRuleAdmits() {
        hba("host all all 10.0.0.0/8 trust");
        TestChannel client = stage.connection();

        client.send(STARTUP);

        assertThat(only(client).field('S')).isEqualTo("FATAL");
        assertThat(client.isOutputShutdown()).isTrue();
    }

    @Test
    void tellsThatThereAreTooManyClients() {
        stage.maxConnections = 0;
        stage.rebuild();
        TestChannel client = stage.connection();

        client.send(STARTUP);

        assertRefused(client, "53300", "too many clients");
    }

    @Test
    void tellsWhatPostgresSaysToTheFirstLogin() {
        stage.settings.loginRetryNanos = SessionStage.LONG.toNanos();
        TestChannel client = stage.connection();
        client.send(STARTUP);

        stage.source.refuse(FakeServers.noSuchDatabase());

        assertRefused(client, "3D000", "does not exist");
    }

    @Test
    void closesALoginThatTakesTooLong() {
        stage.loginTime = Duration.ofSeconds(10);
        stage.rebuild();
        TestChannel client = stage.connection();
        client.send(Frontend.sslRequest());
        client.receivedBytes();

        pass(client, 9);
        boolean early = client.isOutputShutdown();
        pass(client, 2);

        assertThat(early).isFalse();
        assertRefused(client, "08P01", "login_timeout");
    }

    @Test
    void closesALoginThatWaitsTooLongForAServer() {
        stage.loginTime = Duration.ofSeconds(10);
        stage.rebuild();
        TestChannel client = stage.connection();
        client.send(STARTUP);

        pass(client, 11);

        assertThat(client.received().getLast().text()).contains("login_timeout");
        assertThat(stage.pool().shards().getFirst().waitingClients()).isZero();
        stage.accept();
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void hasNoTimeLimitAfterTheLogin() {
        stage.loginTime = Duration.ofSeconds(10);
        stage.rebuild();
        TestChannel client = stage.connection();
        client.send(STARTUP);
        stage.accept();

        pass(client, 11);

        assertThat(client.isOpen()).isTrue();
        assertThat(client.receivedTypes()).endsWith("Z");
    }

    // ---- passwords ------------------------------------------------------------------------------

    @Test
    void admitsTheRightPassword() {
        hba("local all all password");
        stage.directory.passThrough = true;
        TestChannel client = stage.connection();
        client.send(STARTUP);
        byte[] request = client.receivedBytes();

        client.send(Frontend.password("sesame"));
        stage.accept();

        assertThat(request).isEqualTo(Backend.authentication(3));
        assertThat(client.receivedTypes()).endsWith("KZ");
        assertThat(stage.source.learned)
                .containsExactly(new ServerCredential.Plain(Bytes.ofText("sesame")));
    }

    // ---- other authorities ---------------------------------------------------------------------

    /** A password for one time must not be shown twice. */
    @Test
    void doesNotMoveWhileAnAuthorityIsAsked() {
        var verdict = new CompletableFuture<Authority.Verdict>();
        stage.directory.secrets.put("alice", new StoredSecret.Delegated(answering(verdict)));
        hba("local all all password");
        TestChannel client = stage.connection();
        client.send(STARTUP);
        client.send(Frontend.password("once"));
        LoginHandler login = stage.sessions().logins().iterator().next();

        assertThat(login.freeze()).isNull();
        verdict.complete(new Authority.Verdict.Unknown("not this time"));
        client.runPendingTasks();

        assertRefused(client, "28P01", "password authentication failed for user \"alice\"");
    }

    @Test
    void whatAnAuthorityKnowsMovesAlong() {
        stage.directory.secrets.put(
                "alice",
                new StoredSecret.Delegated(
                        answering(
                                CompletableFuture.completedFuture(
                                        new Authority.Verdict.Known("alice", "shop")))));
        hba("local all all password");
        TestChannel client = stage.connection();
        client.send(STARTUP);
        client.send(Frontend.password("once"));
        LoginHandler login = stage.sessions().logins().iterator().next(); // waits for a server

        FrozenLogin frozen = login.freeze();

        assertThat(frozen).isNotNull();
        assertThat(frozen.verdict()).isEqualTo(new FrozenVerdict("oracle", "alice", "shop"));
    }

    // ---- a disabled database -------------------------------------------------------------------

    /** Who has no password does not learn which users there are. */
    @ParameterizedTest
    @ValueSource(strings = {"alice", "mallory"})
    void aDisabledDatabaseRefusesTheWrongPasswordFirst(String user) {
        hba("local all all password");
        TestChannel client = stage.connection();
        stage.pool().setDisabled(true);

        client.send(startup(Map.of("user", user)));
        assertThat(client.receivedTypes()).isEqualTo("R");
        client.send(Frontend.password("wrong"));

        assertRefused(client, "28P01", "password authentication failed for user");
    }

    @Test
    void aDisabledDatabaseLetsNobodyIn() {
        hba("local all all password");
        TestChannel client = stage.connection();
        stage.pool().setDisabled(true);

        client.send(STARTUP);
        client.send(Frontend.password("sesame"));

        assertRefused(client, "57P03", "database \"shop\" is disabled by the administrator");
    }

    /** A client whose refusal waits, since others have guessed before. */
    private TestChannel guessedOften() {
        stage.failedLogin = Duration.ofSeconds(2);
        stage.rebuild();
        hba("local all all password");
        for (int i = 0; i < FailedLogins.FREE_OF_USER; i++) {
            TestChannel early = stage.connection();
            early.send(STARTUP);
            early.send(Frontend.password("wrong"));
            assertRefused(early, "28P01", "password authentication failed");
        }
        TestChannel client = stage.connection();
        client.send(STARTUP);
        client.send(Frontend.password("wrong"));
        assertThat(client.receivedTypes()).isEqualTo("R");
        return client;
    }

    /** The refusal is told early, and the password is not tried again. */
    @Test
    void aRefusalThatWaitsIsToldBeforeAMove() {
        TestChannel client = guessedOften();
        LoginHandler login = stage.sessions().logins().iterator().next();

        assertThat(login.freeze()).isNull();

        assertRefused(client, "28P01", "password authentication failed");
    }

    /** After a while, not at once. */
    @Test
    void aRefusalMayTakeAWhile() {
        TestChannel client = guessedOften();

        pass(client, 1);

        assertRefused(client, "28P01", "password authentication failed");
        TestChannel right = stage.connection();
        right.send(STARTUP);
        right.send(Frontend.password("sesame"));
        stage.accept();
        assertThat(right.receivedTypes()).endsWith("Z");
    }

    /** Else guessing would cost nothing: who hangs up hears of no delay. */
    @Test
    void aGuessCountsEvenIfTheClientDoesNotWaitForTheAnswer() {
        stage.failedLogin = Duration.ofSeconds(2);
        stage.rebuild();
        hba("local all all password");
        for (int i = 0; i < FailedLogins.FREE_OF_USER; i++) {
            var verdict = new CompletableFuture<Authority.Verdict>();
            stage.directory.secrets.put("alice", new StoredSecret.Delegated(answering(verdict)));
            TestChannel guesser = stage.connection();
            guesser.send(STARTUP);
            guesser.send(Frontend.password("guess"));
            guesser.disconnectPeer();
            verdict.complete(new Authority.Verdict.Unknown("no"));
            guesser.runPendingTasks();
        }
        stage.directory.secrets.put("alice", StoredSecret.parse("sesame"));
        TestChannel client = stage.connection();
        client.send(STARTUP);

        client.send(Frontend.password("wrong"));

        assertThat(client.receivedTypes()).isEqualTo("R");
        pass(client, 1);
        assertRefused(client, "28P01", "password authentication failed");
    }

    private static Authority answering(CompletableFuture<Authority.Verdict> verdict) {
        return new Authority() {
            @Override
            public String name() {
                return "oracle";
            }

            @Override
            public CompletableFuture<Verdict> ask(ClientLogin login, Bytes password) {
                return verdict;
            }
        };
    }

    // ---- host names in rules --------------------------------------------------------------------

    private static final String BY_NAME = "host all all db.example.com password";

    private TestChannel remoteClient() {
        stage.directory.hostName = new CompletableFuture<>();
        TestChannel client = stage.connection();
        client.comeFrom(new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 4321));
        return client;
    }

    private void resolve(TestChannel client, String name) {
        stage.directory.hostName.complete(name);
        client.runPendingTasks();
    }

    @Test
    void waitsForTheHostNameThatARuleNeeds() {
        hba(BY_NAME);
        TestChannel client = remoteClient();
        client.send(STARTUP);
        byte[] before = client.receivedBytes();

        resolve(client, "DB.example.com");

        assertThat(before).isEmpty();
        assertThat(client.receivedBytes()).isEqualTo(Backend.authentication(3));
    }

    @Test
    void readsWhatCameBeforeTheHostName() {
        hba(BY_NAME);
        TestChannel client = remoteClient();
        client.send(STARTUP, Frontend.password("wrong"));

        resolve(client, "db.example.com");

        assertRefused(client, "28P01", "password authentication failed for user \"alice\"");
    }

    @Test
    void refusesNonsenseThatCameBeforeTheHostName() {
        hba(BY_NAME);
        TestChannel client = remoteClient();
        client.send(STARTUP, new byte[] {'p', 0, 0, 0, 0});

        resolve(client, "db.example.com");

        assertRefused(client, "08P01", "invalid message length");
    }

    @Test
    void aNameThatIsNotTheRulesDoesNotMatch() {
        hba(BY_NAME);
        TestChannel client = remoteClient();
        client.send(STARTUP);

        resolve(client, "");

        assertRefused(client, "28000", "not permitted by HBA");
    }

    @Test
    void aLineByHostNameThatDecidesNeedsNoRoles() {
        hba("host all all db.example.com password\nhost all +staff all trust");
        stage.directory.roles = CompletableFuture.failedFuture(new IllegalStateException("away"));
        TestChannel client = remoteClient();
        client.send(STARTUP);

        resolve(client, "db.example.com");

        assertThat(client.receivedBytes()).isEqualTo(Backend.authentication(3));
    }

    @Test
    void rolesAreAskedIfTheHostNameIsNotTheLines() {
        hba("host all all db.example.com reject\nhost all +staff all password");
        stage.directory.roles = CompletableFuture.completedFuture(Set.of("staff"));
        TestChannel client = remoteClient();
        client.send(STARTUP);

        resolve(client, "other.example.com");

        assertThat(client.receivedBytes()).isEqualTo(Backend.authentication(3));
    }

    @Test
    void aClientMayGoBeforeItsNameIsKnown() {
        hba(BY_NAME);
        TestChannel client = remoteClient();
        client.send(STARTUP);
        client.disconnectPeer();

        resolve(client, "db.example.com");

        assertThat(stage.sessions().connections()).isZero();
        assertThat(stage.directory.hba.hits().getFirst().count()).isZero();
    }

    @Test
    void refusesAWrongPasswordInPostgresWords() {
        hba("local all all password");
        TestChannel client = stage.connection();
        client.send(STARTUP);
        client.receivedBytes();

        client.send(Frontend.password("wrong"));

        assertRefused(client, "28P01", "password authentication failed for user \"alice\"");
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void asksUnknownUsersForAPasswordToo() {
        hba("local all all password");
        TestChannel client = stage.connection();
        client.send(startup(Map.of("user", "mallory")));
        byte[] request = client.receivedBytes();

        client.send(Frontend.password("sesame"));

        assertThat(request).isEqualTo(Backend.authentication(3));
        assertRefused(client, "28P01", "password authentication failed for user \"mallory\"");
    }

    @Test
    void acceptsNoOtherMessageInPlaceOfAPassword() {
        hba("local all all password");
        TestChannel client = stage.connection();
        client.send(STARTUP);
        client.receivedBytes();

        client.send(Frontend.query("select 1"));

        assertThat(only(client).field('S')).isEqualTo("FATAL");
        assertThat(client.isOutputShutdown()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1, 65_536, Integer.MAX_VALUE})
    void refusesAPasswordOfABadLength(int length) {
        hba("local all all password");
        TestChannel client = stage.connection();
        client.send(STARTUP);
        client.receivedBytes();

        client.send(Frontend.header('p', length));

        assertRefused(client, "08P01", "invalid message length");
    }

    // ---- cancel requests and early ends --------------------------------------------------------

    @Test
    void passesACancelRequestOnAndClosesWhenItIsThrough() {
        TestChannel client = stage.connection();
        client.send(STARTUP);
        TestChannel server = stage.accept();
        byte[] key = of(client.received(), 'K').body();
        client.send(Frontend.query("select pg_sleep(10)"));
        TestChannel other = stage.connection();

        other.send(Frontend.sslRequest());
        byte[] answer = other.receivedBytes();
        int processId = ByteBuffer.wrap(key).getInt();
        other.send(Frontend.cancelRequest(processId, Arrays.copyOfRange(key, 4, key.length)));
        client.runPendingTasks();
        boolean early = !other.isOpen();
        stage.source.finishCancel();

        assertThat(answer).isEqualTo(NO);
        assertThat(early).isFalse();
        assertThat(other.isOpen()).isFalse();
        assertThat(other.receivedBytes()).isEmpty();
        server.disconnectPeer();
    }

    @Test
    void tellsNobodyThatACancelKeyIsWrong() {
        TestChannel client = stage.connection();
        client.send(STARTUP);
        TestChannel server = stage.accept();
        byte[] key = of(client.received(), 'K').body();
        client.send(Frontend.query("select pg_sleep(10)"));
        TestChannel other = stage.connection();

        other.send(
                Frontend.cancelRequest(ByteBuffer.wrap(key).getInt(), new byte[] {0, 0, 0, 0, 0}));
        client.runPendingTasks();

        assertThat(other.isOpen()).isFalse();
        assertThat(other.receivedBytes()).isEmpty();
        assertThat(stage.source.cancels).isEmpty();
        server.disconnectPeer();
    }

    @Test
    void servesACancelRequestBeyondTheLimitOfClients() {
        stage.maxConnections = 1;
        stage.rebuild();
        TestChannel client = stage.connection();
        client.send(STARTUP);
        TestChannel server = stage.accept();
        byte[] key = of(client.received(), 'K').body();
        client.send(Frontend.query("select pg_sleep(10)"));
        TestChannel other = stage.connection();

        other.send(
                Frontend.cancelRequest(
                        ByteBuffer.wrap(key).getInt(), Arrays.copyOfRange(key, 4, key.length)));
        client.runPendingTasks();

        assertThat(stage.source.cancels).hasSize(1);
        stage.source.finishCancel();
        server.disconnectPeer();
    }

    @Test
    void relaysAQueryThatCameBeforeItWasAskedFor() {
        byte[] query = Frontend.query("select 1");
        stage.source.reported =
                stage.source.interner.intern(
                        stage.source.reported.with("application_name", "pooler"));
        TestChannel client = stage.connection();

        client.send(STARTUP, query);
        TestChannel server = stage.accept();
        client.runPendingTasks();

        assertThat(server.receivedBytes()).isEqualTo(query);
        server.send(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));
        assertThat(client.receivedTypes()).endsWith("KZCZ");
        assertThat(client.config().isAutoRead()).isTrue();
    }

    @Test
    void leavesTheQueueWhenTheClientIsGone() {
        TestChannel client = stage.connection();
        client.send(STARTUP);

        client.disconnectPeer();

        assertThat(stage.pool().shards().getFirst().waitingClients()).isZero();
        stage.accept();
        assertThat(stage.pool().idle()).isEqualTo(1);
    }
}
