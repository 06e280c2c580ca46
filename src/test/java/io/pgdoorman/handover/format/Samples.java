package io.pgdoorman.handover.format;

import io.pgdoorman.backend.MovingServer;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ServerCounts;
import io.pgdoorman.net.DetachedSocket;
import io.pgdoorman.session.FrozenConsole;
import io.pgdoorman.session.FrozenCounts;
import io.pgdoorman.session.FrozenLogin;
import io.pgdoorman.session.FrozenSession;
import io.pgdoorman.session.FrozenStatements;
import io.pgdoorman.session.FrozenVerdict;
import io.pgdoorman.session.MovingConsole;
import io.pgdoorman.session.MovingLogin;
import io.pgdoorman.session.MovingSession;
import io.pgdoorman.statement.ServerStatements;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.tls.FrozenTls;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.FormatCode;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.WireStrings;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Sessions, logins and servers to be written down. The descriptors are numbers and nothing more.
 */
final class Samples {
    /** When everything is written and read: {@link System#nanoTime}. */
    static final long NOW = 5_000_000_000_000L;

    private static final long MILLI = 1_000_000;

    static final ParameterSet REPORTED =
            ParameterSet.of(
                    Map.of(
                            "client_encoding", "UTF8",
                            "search_path", "\"$user\", public",
                            "application_name", "",
                            "TimeZone", "Europe/Berlin"));

    private static final FrozenVerdict VERDICT = new FrozenVerdict("LDAP", "cn=alice", "shop");

    static final ParameterSet PROFILE = ParameterSet.of(Map.of("work_mem", "8MB"));

    private Samples() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] secret(int length) {
        byte[] secret = new byte[length];
        for (int i = 0; i < length; i++) {
            secret[i] = (byte) (200 + i);
        }
        return secret;
    }

    static ErrorResponse error(Severity severity) {
        return ErrorResponse.of(severity, "57P01", "the pool is going").withHint("come back");
    }

    static FrameScanner.Frozen stream(String partial, int bodyLeft, Verdict verdict) {
        return new FrameScanner.Frozen(bytes(partial), bodyLeft, verdict);
    }

    /** One session for each thing that a session may be in the middle of, by what that is. */
    static Map<String, SessionBuilder> sessions() {
        Map<String, SessionBuilder> all = new LinkedHashMap<>();
        session(all, "idle", _ -> {});
        session(all, "idle, with a profile of its own", s -> s.profile = PROFILE);
        session(all, "idle, nothing reported", s -> s.parameters = ParameterSet.EMPTY);
        session(
                all,
                "protocol 3.2, through a Unix socket",
                s -> {
                    s.protocol = ProtocolVersion.V3_2;
                    s.secret = secret(32);
                    s.address = "unix";
                });
        session(
                all,
                "the longest secret",
                s -> {
                    s.protocol = ProtocolVersion.V3_2;
                    s.secret = secret(CancelKey.MAX_SECRET_BYTES);
                });
        session(all, "the lowest number", s -> s.id = Integer.MIN_VALUE);
        session(
                all,
                "names that are not UTF-8",
                s -> {
                    s.user = WireStrings.toText(new byte[] {'j', (byte) 0xF6, 'r', 'g'});
                    s.database = "läden \uFFFD \uD83D\uDE00";
                    s.applicationName = "";
                });
        session(
                all,
                "waiting",
                s -> {
                    s.place = new FrozenSession.Place(NOW - 3 * MILLI, NOW + 4_997 * MILLI);
                    s.pending = bytes("Q\0\0\0\rSELECT 1\0");
                });
        session(
                all,
                "waiting, the time is over",
                s -> s.place = new FrozenSession.Place(NOW - 5_000 * MILLI, NOW - MILLI));
        session(
                all,
                "waiting without an end",
                s -> s.place = new FrozenSession.Place(NOW, Long.MIN_VALUE + NOW));
        session(
                all,
                "a query is running",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.replies = "Q";
                    s.server.used = true;
                    s.counts = new FrozenCounts(1, 0, 0, 0, 0, NOW - MILLI);
                });
        session(
                all,
                "a pipeline in a transaction",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.status = TransactionStatus.IN_TRANSACTION;
                    s.server.replies = "PBDESPBDE";
                    s.server.batchOpen = true;
                    s.server.used = true;
                    s.server.traces = 5;
                    s.counts = new FrozenCounts(Long.MAX_VALUE, 1L << 40, 3, 5, 7, 0);
                    s.scanState = -1;
                });
        session(
                all,
                "a transaction has failed",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.address = ServerBuilder.UNIX;
                    s.server.status = TransactionStatus.FAILED;
                    s.server.skipToSync = true;
                    s.server.lastWasError = true;
                });
        session(
                all,
                "in the middle of COPY data from the client",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.address = ServerBuilder.IPV6;
                    s.server.cancelKey = CancelKey.of(-5, secret(32));
                    s.server.replies = "Q";
                    s.server.copyIn = true;
                    s.server.syncInDoubt = true;
                    s.server.messageCut = true;
                    s.stream = stream("", Integer.MAX_VALUE, Verdict.PASS);
                });
        session(
                all,
                "in the middle of a row, and of a statement's name",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.address = ServerBuilder.IPV6_LINK_LOCAL;
                    s.server.replies = "Q";
                    s.server.stream = stream("D\0\0", 0, Verdict.PASS);
                    s.stream = stream("", 120, Verdict.PASS_AND_SHOW);
                    s.nameExpected = true;
                    s.scanState = 7;
                });
        session(
                all,
                "a server that nobody understands",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.confused = true;
                    s.server.stream = stream("", 3, Verdict.DROP);
                });
        session(
                all,
                "the server is being prepared",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.replies = "o";
                    s.server.ownError = error(Severity.ERROR);
                    s.server.profile = PROFILE;
                    s.server.lifetimeNanos = Long.MAX_VALUE;
                    s.server.idleNanos = 600_000 * MILLI;
                    s.parameters = PROFILE;
                    s.parametersRequested = true;
                    s.stream = stream("", 0, Verdict.STOP);
                });
        session(
                all,
                "session mode, between two transactions",
                s -> {
                    s.server = new ServerBuilder();
                    s.server.settled = true;
                    s.sessionMode = true;
                    s.settleDue = true;
                });
        session(all, "refused", s -> s.refusal = error(Severity.ERROR));
        session(
                all,
                "refused, and told so",
                s -> {
                    s.refusal = error(Severity.FATAL);
                    s.refusalTold = true;
                });
        session(
                all,
                "leaving",
                s -> {
                    s.farewell = error(Severity.FATAL);
                    s.shuttingDown = true;
                });
        session(all, "has sent its last byte", s -> s.inputEnded = true);
        session(all, "has sent Terminate", s -> s.terminated = true);
        return all;
    }

    private static void session(
            Map<String, SessionBuilder> all, String name, Consumer<SessionBuilder> change) {
        var session = new SessionBuilder();
        session.id += all.size();
        change.accept(session);
        all.put(name, session);
    }

    /** Uses every field of a session, a linked server and their streams. */
    static SessionBuilder everything() {
        var s = new SessionBuilder();
        s.protocol = ProtocolVersion.V3_2;
        s.secret = secret(32);
        s.profile = PROFILE;
        s.parametersRequested = true;
        s.stream = stream("Q\0", 100, Verdict.DROP);
        s.nameExpected = true;
        s.scanState = 1L << 35;
        s.sessionMode = true;
        s.pending = bytes("S\0\0\0\4");
        s.place = new FrozenSession.Place(NOW - 7 * MILLI, NOW + 993 * MILLI);
        s.refusal = error(Severity.ERROR);
        s.refusalTold = true;
        s.inputEnded = true;
        s.terminated = true;
        s.shuttingDown = true;
        s.settleDue = true;
        s.farewell = error(Severity.FATAL);
        s.counts = new FrozenCounts(1_234, 567, 0, 0, 0, 0);
        s.server = everythingOfAServer();
        return s;
    }

    static ServerBuilder everythingOfAServer() {
        var s = new ServerBuilder();
        s.address = ServerBuilder.IPV6_LINK_LOCAL;
        s.profile = PROFILE;
        s.idleNanos = 600_000 * MILLI;
        s.stream = stream("Z\0", 30, Verdict.PASS_AND_SHOW);
        s.replies = "PBDES";
        s.copyIn = true;
        s.skipToSync = true;
        s.batchOpen = true;
        s.confused = true;
        s.syncInDoubt = true;
        s.status = TransactionStatus.FAILED;
        s.traces = 21;
        s.used = true;
        s.lastWasError = true;
        s.ownError = error(Severity.PANIC);
        s.settled = true;
        s.messageCut = true;
        return s;
    }

    /** Uses every field there is. */
    static Batch batchOfEverything() {
        return withLogin(batchWithoutEndPoint(), secret(32), secret(31), VERDICT);
    }

    /** Before logins could be bound to what only the two ends of a connection know. */
    static Batch batchWithoutExporter() {
        return withLogin(batchWithoutEndPoint(), secret(32), new byte[0], VERDICT);
    }

    /** Before logins took along what another authority knows. */
    static Batch batchWithoutVerdict() {
        return withLogin(batchWithoutEndPoint(), secret(32), new byte[0], null);
    }

    private static Batch withLogin(
            Batch all, byte[] endPoint, byte[] exporter, @Nullable FrozenVerdict verdict) {
        MovingLogin login = all.logins().getFirst();
        FrozenLogin state = login.state();
        var changed =
                new FrozenLogin(
                        state.id(),
                        state.overLimit(),
                        state.received(),
                        state.random(),
                        state.sentBytes(),
                        state.sentCheck(),
                        state.nanosLeft(),
                        endPoint,
                        exporter,
                        verdict);
        return new Batch(
                all.sessions(),
                List.of(new MovingLogin(changed, login.client())),
                all.consoles(),
                all.servers(),
                all.poolPermits(),
                all.databasePermits());
    }

    /** Before logins could be bound to their channel. */
    static Batch batchWithoutEndPoint() {
        Batch all = batchWithoutTls();
        MovingConsole console = all.consoles().getFirst();
        var secure =
                new DetachedSocket(
                        27,
                        bytes("unread"),
                        bytes("unwritten"),
                        new FrozenTls(
                                0x1302,
                                secret(48),
                                1L << 24,
                                secret(48),
                                300,
                                bytes("part"),
                                "db.example.com",
                                "CN=app"));
        return new Batch(
                all.sessions(),
                all.logins(),
                List.of(new MovingConsole(console.state(), secure)),
                all.servers(),
                all.poolPermits(),
                all.databasePermits());
    }

    /** Before encrypted connections moved. */
    static Batch batchWithoutTls() {
        Batch all = batchWithoutConsole();
        return new Batch(
                all.sessions(),
                all.logins(),
                List.of(console(27)),
                all.servers(),
                all.poolPermits(),
                all.databasePermits());
    }

    /** Before admin consoles moved. */
    static Batch batchWithoutConsole() {
        SessionBuilder session = everythingWithStatements(true);
        session.counts = new FrozenCounts(1_234, 567, 89, 10, 11, NOW - MILLI);
        session.bonds = 3;
        ServerBuilder server = session.server;
        if (server != null) {
            server.counts = new ServerCounts(1, 2, 3, 4, 5, 6);
        }
        return batchOfEverything(session);
    }

    /** Before clients and servers took along what they have done. */
    static Batch batchWithoutCounts() {
        return batchOfEverything(everythingWithStatements(true));
    }

    /** As the first version wrote it. */
    static Batch batchWithoutStatements() {
        return batchOfEverything(everything());
    }

    /** Before it said whether a statement's Parse has its reply. */
    static Batch batchWithoutDoubt() {
        return batchOfEverything(everythingWithStatements(false));
    }

    static SessionBuilder everythingWithStatements(boolean inDoubt) {
        var named = new Statement(bytes("SELECT 1\0\0\0"), "settings", 7, 5, true);
        named.markFrequent();
        var unnamed = new Statement(bytes("SELECT $1\0\0\1\0\0\0\27"), "settings", 9, 0, false);
        SessionBuilder s = everything();
        s.mapping = true;
        s.statements =
                new FrozenStatements(
                        List.of(new FrozenStatements.Named(bytes("s"), named, inDoubt)),
                        unnamed,
                        List.of(
                                new FrozenStatements.Change(2, bytes("old"), unnamed, null),
                                new FrozenStatements.Change(0, null, null, unnamed)),
                        List.of(new FrozenStatements.Used(bytes("DOORMAN_7"), bytes("s"))));
        ServerBuilder server = everythingOfAServer();
        server.statements =
                new ServerStatements.Frozen(
                        List.of(
                                new ServerStatements.FrozenEntry(
                                        named, bytes("DOORMAN_7_2"), true, true, false),
                                new ServerStatements.FrozenEntry(
                                        unnamed, bytes("DOORMAN_9"), false, false, true)),
                        1,
                        1,
                        List.of(
                                new ServerStatements.FrozenChange(1, 0, null, 1),
                                new ServerStatements.FrozenChange(3, -1, named, -1)),
                        unnamed,
                        3,
                        true);
        s.server = server;
        return s;
    }

    private static Batch batchOfEverything(SessionBuilder everything) {
        var unix = new ServerBuilder();
        unix.id = 7;
        unix.address = ServerBuilder.UNIX;
        return new Batch(
                List.of(
                        new MovingSession(
                                everything.build(),
                                new DetachedSocket(21, bytes("unread"), bytes("unwritten")),
                                new DetachedSocket(22, bytes("rows"), bytes("query"))),
                        new MovingSession(new SessionBuilder().build(), plain(23), null)),
                List.of(
                        new MovingLogin(
                                new FrozenLogin(
                                        99,
                                        true,
                                        bytes("startup packet"),
                                        secret(18),
                                        24,
                                        0xFFFF_FFFFL,
                                        59_000 * MILLI,
                                        new byte[0],
                                        new byte[0],
                                        null),
                                new DetachedSocket(24, bytes("p"), bytes("R")))),
                List.of(),
                List.of(
                        new MovingServer(unix.build(), plain(25)),
                        new MovingServer(new ServerBuilder().build(), plain(26))),
                List.of(new Batch.Permits("shop", "alice", 3), new Batch.Permits("shop", "bob", 1)),
                List.of(new Batch.Permits("shop", "", 40)));
    }

    /** A console in the middle of everything. */
    private static MovingConsole console(int fd) {
        var state =
                new FrozenConsole(
                        12,
                        "admin",
                        "pgbouncer",
                        true,
                        true,
                        true,
                        List.of(
                                new FrozenConsole.Statement("", "SHOW POOLS"),
                                new FrozenConsole.Statement("s1", "SHOW VERSION")),
                        List.of(
                                new FrozenConsole.Portal(
                                        "p1",
                                        "SHOW POOLS",
                                        List.of(FormatCode.TEXT, FormatCode.BINARY),
                                        3,
                                        ""),
                                new FrozenConsole.Portal("", "PAUSE", List.of(), 0, "PAUSE")),
                        bytes("Q"));
        return new MovingConsole(
                state, new DetachedSocket(fd, bytes("unread"), bytes("unwritten")));
    }

    static DetachedSocket plain(int fd) {
        return new DetachedSocket(fd, new byte[0], new byte[0]);
    }

    static Batch batch(MovingSession... sessions) {
        return new Batch(List.of(sessions), List.of(), List.of(), List.of(), List.of(), List.of());
    }

    /** With descriptors 31 and, for its server, 32. */
    static MovingSession moving(SessionBuilder session) {
        return new MovingSession(
                session.build(), plain(31), session.server == null ? null : plain(32));
    }
}
