package io.pgdoorman.handover.format;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.session.ClientIdentity;
import io.pgdoorman.session.FrozenConversation;
import io.pgdoorman.session.FrozenCounts;
import io.pgdoorman.session.FrozenLogin;
import io.pgdoorman.session.FrozenSession;
import io.pgdoorman.session.FrozenStatements;
import io.pgdoorman.session.FrozenVerdict;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.backend.ErrorResponse;

/**
 * A {@link FrozenSession} and a {@link FrozenLogin} as fields; see {@link ServerFormat} for the
 * rules. Threads: no state.
 */
final class SessionFormat {
    private static final int ID = 1;
    private static final int DATABASE = 2;
    private static final int USER = 3;
    private static final int ADDRESS = 4;
    private static final int SECRET = 5;
    private static final int PROTOCOL = 6;
    private static final int PROFILE = 7;
    private static final int APPLICATION_NAME = 8;
    private static final int PARAMETERS = 9;
    private static final int PARAMETERS_REQUESTED = 10;
    private static final int STREAM = 11;
    private static final int NAME_EXPECTED = 12;
    private static final int SCAN_STATE = 13;
    private static final int SESSION_MODE = 14;
    private static final int PENDING = 15;
    private static final int WAITS = 16;
    private static final int WAITED = 17;
    private static final int WAIT_LEFT = 18;
    private static final int REFUSAL = 19;
    private static final int REFUSAL_TOLD = 20;
    private static final int INPUT_ENDED = 21;
    private static final int TERMINATED = 22;
    private static final int SHUTTING_DOWN = 23;
    private static final int SETTLE_DUE = 24;
    private static final int FAREWELL = 25;
    private static final int QUERIES = 26;
    private static final int TRANSACTIONS = 27;
    private static final int AGE = 28;
    private static final int SERVER = 29;
    private static final int STATEMENTS = 30;
    private static final int MAPPING = 31;
    private static final int BONDS = 32;
    private static final int ERRORS = 33;
    private static final int RECEIVED = 34;
    private static final int SENT = 35;
    private static final int IN_TRANSACTION = 36;
    private static final int TRANSACTION_AGE = 37;

    private static final int LOGIN_ID = 1;
    private static final int LOGIN_OVER_LIMIT = 2;
    private static final int LOGIN_RECEIVED = 3;
    private static final int LOGIN_RANDOM = 4;
    private static final int LOGIN_SENT = 5;
    private static final int LOGIN_SENT_CHECK = 6;
    private static final int LOGIN_LEFT = 7;
    private static final int LOGIN_END_POINT = 8;
    private static final int LOGIN_VERDICT = 9;
    private static final int LOGIN_EXPORTER = 10;

    private static final int VERDICT_AUTHORITY = 1;
    private static final int VERDICT_IDENTITY = 2;
    private static final int VERDICT_APPLICATION = 3;

    private SessionFormat() {}

    static FieldWriter write(FrozenSession session, Tables tables, long now) {
        ClientIdentity identity = session.identity();
        FrozenServer server = session.server();
        FrozenConversation talk = session.conversation();
        FrozenSession.Place place = session.place();
        FrozenCounts counts = session.counts();
        var out =
                new FieldWriter()
                        .put(ID, identity.id())
                        .put(DATABASE, identity.database())
                        .put(USER, identity.user())
                        .put(ADDRESS, identity.address())
                        .put(SECRET, identity.cancelKey().secret())
                        .put(PROTOCOL, identity.protocol().code())
                        .put(PROFILE, tables.parameters().numberOf(identity.profile()))
                        .put(APPLICATION_NAME, identity.applicationName())
                        .put(PARAMETERS, tables.parameters().numberOf(talk.parameters()))
                        .put(PARAMETERS_REQUESTED, talk.parametersRequested())
                        .put(STREAM, ServerFormat.stream(talk.stream()))
                        .put(NAME_EXPECTED, talk.nameExpected())
                        .put(SCAN_STATE, talk.scanState())
                        .put(SESSION_MODE, session.sessionMode())
                        .put(MAPPING, talk.mapping())
                        .put(BONDS, talk.bonds())
                        .put(PENDING, session.pending())
                        .put(REFUSAL, ServerFormat.error(talk.refusal()))
                        .put(REFUSAL_TOLD, talk.refusalTold())
                        .put(INPUT_ENDED, session.inputEnded())
                        .put(TERMINATED, session.terminated())
                        .put(SHUTTING_DOWN, session.shuttingDown())
                        .put(SETTLE_DUE, talk.settleDue())
                        .put(FAREWELL, ServerFormat.error(session.farewell()))
                        .put(QUERIES, counts.queries())
                        .put(TRANSACTIONS, counts.transactions())
                        .put(ERRORS, counts.errors())
                        .put(RECEIVED, counts.receivedBytes())
                        .put(SENT, counts.sentBytes())
                        .putSigned(AGE, now - session.connectedNanos());
        tables.statements().write(out, STATEMENTS, talk.statements());
        if (place != null) {
            out.put(WAITS, true)
                    .putSigned(WAITED, now - place.sinceNanos())
                    .putSigned(WAIT_LEFT, place.deadlineNanos() - now);
        }
        if (counts.transactionSinceNanos() != 0) {
            out.put(IN_TRANSACTION, true)
                    .putSigned(TRANSACTION_AGE, now - counts.transactionSinceNanos());
        }
        if (server != null) {
            out.put(SERVER, ServerFormat.write(server, tables, now));
        }
        return out;
    }

    static FrozenSession read(FieldReader in, Tables tables, long now) throws FormatException {
        int id = 0;
        String database = "";
        String user = "";
        String address = "";
        byte[] secret = {};
        ProtocolVersion protocol = ProtocolVersion.V3_0;
        ParameterSet profile = ParameterSet.EMPTY;
        String applicationName = "";
        FrozenServer server = null;
        ParameterSet parameters = ParameterSet.EMPTY;
        boolean parametersRequested = false;
        var stream = new FrameScanner.Frozen(new byte[0], 0, Verdict.PASS);
        boolean nameExpected = false;
        long scanState = 0;
        var statements = FrozenStatements.EMPTY;
        boolean mapping = false;
        int bonds = 0;
        boolean sessionMode = false;
        byte[] pending = {};
        boolean waits = false;
        long since = now;
        long deadline = now;
        ErrorResponse refusal = null;
        boolean refusalTold = false;
        boolean inputEnded = false;
        boolean terminated = false;
        boolean shuttingDown = false;
        boolean settleDue = false;
        ErrorResponse farewell = null;
        long queries = 0;
        long transactions = 0;
        long errors = 0;
        long received = 0;
        long sent = 0;
        boolean inTransaction = false;
        long transactionSince = now;
        long connected = now;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case ID -> id = in.integer();
                case DATABASE -> database = in.text();
                case USER -> user = in.text();
                case ADDRESS -> address = in.text();
                case SECRET -> secret = in.bytes();
                case PROTOCOL -> protocol = protocol(in.integer());
                case PROFILE -> profile = tables.parameters().get(in.number());
                case APPLICATION_NAME -> applicationName = in.text();
                case PARAMETERS -> parameters = tables.parameters().get(in.number());
                case PARAMETERS_REQUESTED -> parametersRequested = in.bool();
                case STREAM -> stream = ServerFormat.stream(in.message());
                case NAME_EXPECTED -> nameExpected = in.bool();
                case SCAN_STATE -> scanState = in.number();
                case STATEMENTS -> statements = tables.statements().client(in.message());
                case MAPPING -> mapping = in.bool();
                case BONDS -> bonds = in.integer();
                case SESSION_MODE -> sessionMode = in.bool();
                case PENDING -> pending = in.bytes();
                case WAITS -> waits = in.bool();
                case WAITED -> since = now - in.signed();
                case WAIT_LEFT -> deadline = now + in.signed();
                case REFUSAL -> refusal = ServerFormat.error(in.bytes());
                case REFUSAL_TOLD -> refusalTold = in.bool();
                case INPUT_ENDED -> inputEnded = in.bool();
                case TERMINATED -> terminated = in.bool();
                case SHUTTING_DOWN -> shuttingDown = in.bool();
                case SETTLE_DUE -> settleDue = in.bool();
                case FAREWELL -> farewell = ServerFormat.error(in.bytes());
                case QUERIES -> queries = in.number();
                case TRANSACTIONS -> transactions = in.number();
                case ERRORS -> errors = in.number();
                case RECEIVED -> received = in.number();
                case SENT -> sent = in.number();
                case IN_TRANSACTION -> inTransaction = in.bool();
                case TRANSACTION_AGE -> transactionSince = now - in.signed();
                case AGE -> connected = now - in.signed();
                case SERVER -> server = ServerFormat.read(in.message(), tables, now);
                default -> {} // of a later version
            }
        }
        var identity =
                new ClientIdentity(
                        id,
                        database,
                        user,
                        address,
                        ServerFormat.key(id, secret),
                        protocol,
                        profile,
                        applicationName);
        var conversation =
                new FrozenConversation(
                        parameters,
                        parametersRequested,
                        stream,
                        nameExpected,
                        scanState,
                        statements,
                        mapping,
                        bonds,
                        refusal,
                        refusalTold,
                        settleDue);
        var counts =
                new FrozenCounts(
                        queries,
                        transactions,
                        errors,
                        received,
                        sent,
                        inTransaction ? transactionSince : 0);
        return new FrozenSession(
                identity,
                server,
                conversation,
                sessionMode,
                pending,
                waits ? new FrozenSession.Place(since, deadline) : null,
                inputEnded,
                terminated,
                shuttingDown,
                farewell,
                counts,
                connected);
    }

    private static ProtocolVersion protocol(int code) throws FormatException {
        try {
            return ProtocolVersion.of(code);
        } catch (ProtocolException | IllegalArgumentException e) {
            throw new FormatException("protocol version " + code);
        }
    }

    static FieldWriter write(FrozenLogin login) {
        var out =
                new FieldWriter()
                        .put(LOGIN_ID, login.id())
                        .put(LOGIN_OVER_LIMIT, login.overLimit())
                        .put(LOGIN_RECEIVED, login.received())
                        .put(LOGIN_RANDOM, login.random())
                        .put(LOGIN_SENT, login.sentBytes())
                        .put(LOGIN_SENT_CHECK, login.sentCheck())
                        .put(LOGIN_LEFT, login.nanosLeft())
                        .put(LOGIN_END_POINT, login.endPoint())
                        .put(LOGIN_EXPORTER, login.exporter());
        FrozenVerdict verdict = login.verdict();
        if (verdict != null) {
            out.put(
                    LOGIN_VERDICT,
                    new FieldWriter()
                            .put(VERDICT_AUTHORITY, verdict.authority())
                            .put(VERDICT_IDENTITY, verdict.identity())
                            .put(VERDICT_APPLICATION, verdict.application()));
        }
        return out;
    }

    static FrozenLogin login(FieldReader in) throws FormatException {
        int id = 0;
        boolean overLimit = false;
        byte[] received = {};
        byte[] random = {};
        int sent = 0;
        long check = 0;
        long left = 0;
        byte[] endPoint = {};
        byte[] exporter = {};
        FrozenVerdict verdict = null;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case LOGIN_ID -> id = in.integer();
                case LOGIN_OVER_LIMIT -> overLimit = in.bool();
                case LOGIN_RECEIVED -> received = in.bytes();
                case LOGIN_RANDOM -> random = in.bytes();
                case LOGIN_SENT -> sent = in.integer();
                case LOGIN_SENT_CHECK -> check = in.number();
                case LOGIN_LEFT -> left = in.number();
                case LOGIN_END_POINT -> endPoint = in.bytes();
                case LOGIN_EXPORTER -> exporter = in.bytes();
                case LOGIN_VERDICT -> verdict = verdict(in.message());
                default -> {} // of a later version
            }
        }
        return new FrozenLogin(
                id, overLimit, received, random, sent, check, left, endPoint, exporter, verdict);
    }

    private static FrozenVerdict verdict(FieldReader in) throws FormatException {
        String authority = "";
        String identity = "";
        String application = "";
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case VERDICT_AUTHORITY -> authority = in.text();
                case VERDICT_IDENTITY -> identity = in.text();
                case VERDICT_APPLICATION -> application = in.text();
                default -> {} // of a later version
            }
        }
        return new FrozenVerdict(authority, identity, application);
    }
}
