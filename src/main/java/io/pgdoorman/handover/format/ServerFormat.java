package io.pgdoorman.handover.format;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.unix.DomainSocketAddress;
import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ReplyQueue;
import io.pgdoorman.backend.ServerCounts;
import io.pgdoorman.backend.ServerIdentity;
import io.pgdoorman.backend.ServerProtocol;
import io.pgdoorman.statement.ServerStatements;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/**
 * A {@link FrozenServer} as fields. Times are differences to the moment of writing and of reading,
 * because the clocks of two processes need not have the same origin.
 *
 * <p>Field numbers are for ever; a field that is no longer written leaves its number unused.
 * Threads: no state.
 */
final class ServerFormat {
    private static final int ID = 1;
    private static final int POOL = 2;
    private static final int IP = 3;
    private static final int IP_SCOPE = 4;
    private static final int PORT = 5;
    private static final int UNIX_PATH = 6;
    private static final int PROCESS_ID = 7;
    private static final int SECRET = 8;
    private static final int PROFILE = 9;
    private static final int AGE = 10;
    private static final int LIFETIME = 11;
    private static final int IDLE_LIMIT = 12;
    private static final int IDLE_FOR = 13;
    private static final int STREAM = 14;
    private static final int REPLIES = 15;
    private static final int COPY_IN = 16;
    private static final int SKIP_TO_SYNC = 17;
    private static final int BATCH_OPEN = 18;
    private static final int CONFUSED = 19;
    private static final int SYNC_IN_DOUBT = 20;
    private static final int PARAMETERS = 21;
    private static final int STATUS = 22;
    private static final int TRACES = 23;
    private static final int USED = 24;
    private static final int LAST_WAS_ERROR = 25;
    private static final int OWN_ERROR = 26;
    private static final int SETTLED = 27;
    private static final int MESSAGE_CUT = 28;
    private static final int STATEMENTS = 29;
    private static final int COUNTS = 30;

    private static final int COUNTS_QUERIES = 1;
    private static final int COUNTS_TRANSACTIONS = 2;
    private static final int COUNTS_SENT = 3;
    private static final int COUNTS_RECEIVED = 4;
    private static final int COUNTS_HITS = 5;
    private static final int COUNTS_MISSES = 6;

    private static final int STREAM_PARTIAL = 1;
    private static final int STREAM_BODY_LEFT = 2;
    private static final int STREAM_VERDICT = 3;

    private ServerFormat() {}

    static FieldWriter write(FrozenServer server, Tables tables, long now) {
        ServerIdentity identity = server.identity();
        ServerProtocol.Frozen protocol = server.protocol();
        ReplyQueue.Frozen replies = protocol.replies();
        var out =
                new FieldWriter()
                        .put(ID, identity.id())
                        .put(POOL, identity.pool())
                        .put(PROCESS_ID, identity.cancelKey().processId())
                        .put(SECRET, identity.cancelKey().secret())
                        .put(PROFILE, tables.parameters().numberOf(identity.profile()))
                        .putSigned(AGE, now - identity.bornNanos())
                        .put(LIFETIME, identity.lifetimeNanos())
                        .put(IDLE_LIMIT, identity.idleNanos())
                        .putSigned(IDLE_FOR, now - server.idleSinceNanos())
                        .put(STREAM, stream(protocol.stream()))
                        .put(REPLIES, replies.entries())
                        .put(COPY_IN, replies.copyIn())
                        .put(SKIP_TO_SYNC, replies.skipToSync())
                        .put(BATCH_OPEN, replies.batchOpen())
                        .put(CONFUSED, replies.confused())
                        .put(SYNC_IN_DOUBT, replies.syncInDoubt())
                        .put(PARAMETERS, tables.parameters().numberOf(protocol.parameters()))
                        .put(STATUS, protocol.status().code())
                        .put(TRACES, protocol.traces())
                        .put(USED, protocol.used())
                        .put(LAST_WAS_ERROR, protocol.lastWasError())
                        .put(OWN_ERROR, error(protocol.ownError()))
                        .put(SETTLED, protocol.settled())
                        .put(MESSAGE_CUT, server.messageCut());
        tables.statements().write(out, STATEMENTS, server);
        writeAddress(out, identity.address());
        if (!server.counts().equals(ServerCounts.NONE)) {
            out.put(COUNTS, counts(server.counts()));
        }
        return out;
    }

    private static FieldWriter counts(ServerCounts counts) {
        return new FieldWriter()
                .put(COUNTS_QUERIES, counts.queries())
                .put(COUNTS_TRANSACTIONS, counts.transactions())
                .put(COUNTS_SENT, counts.sentBytes())
                .put(COUNTS_RECEIVED, counts.receivedBytes())
                .put(COUNTS_HITS, counts.statementHits())
                .put(COUNTS_MISSES, counts.statementMisses());
    }

    private static ServerCounts counts(FieldReader in) throws FormatException {
        long queries = 0;
        long transactions = 0;
        long sent = 0;
        long received = 0;
        long hits = 0;
        long misses = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case COUNTS_QUERIES -> queries = in.number();
                case COUNTS_TRANSACTIONS -> transactions = in.number();
                case COUNTS_SENT -> sent = in.number();
                case COUNTS_RECEIVED -> received = in.number();
                case COUNTS_HITS -> hits = in.number();
                case COUNTS_MISSES -> misses = in.number();
                default -> {} // of a later version
            }
        }
        return new ServerCounts(queries, transactions, sent, received, hits, misses);
    }

    private static void writeAddress(FieldWriter out, SocketAddress address) {
        switch (address) {
            case InetSocketAddress tcp -> {
                out.put(IP, tcp.getAddress().getAddress()).put(PORT, tcp.getPort());
                if (tcp.getAddress() instanceof Inet6Address six) {
                    out.put(IP_SCOPE, six.getScopeId());
                }
            }
            case DomainSocketAddress unix -> out.put(UNIX_PATH, unix.path());
            default -> throw new IllegalArgumentException("address of a server: " + address);
        }
    }

    static FrozenServer read(FieldReader in, Tables tables, long now) throws FormatException {
        long id = 0;
        String pool = "";
        byte[] ip = {};
        int scope = 0;
        int port = 0;
        String path = "";
        int processId = 0;
        byte[] secret = {};
        ParameterSet profile = ParameterSet.EMPTY;
        long born = now;
        long lifetime = 0;
        long idleLimit = 0;
        long idleSince = now;
        var stream = new FrameScanner.Frozen(new byte[0], 0, Verdict.PASS);
        byte[] replies = {};
        boolean copyIn = false;
        boolean skipToSync = false;
        boolean batchOpen = false;
        boolean confused = false;
        boolean syncInDoubt = false;
        ParameterSet parameters = ParameterSet.EMPTY;
        TransactionStatus status = TransactionStatus.IDLE;
        int traces = 0;
        boolean used = false;
        boolean lastWasError = false;
        ErrorResponse ownError = null;
        boolean settled = false;
        boolean messageCut = false;
        var statements = ServerStatements.Frozen.EMPTY;
        ServerCounts counts = ServerCounts.NONE;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case ID -> id = in.number();
                case POOL -> pool = in.text();
                case IP -> ip = in.bytes();
                case IP_SCOPE -> scope = in.integer();
                case PORT -> port = in.integer();
                case UNIX_PATH -> path = in.text();
                case PROCESS_ID -> processId = in.integer();
                case SECRET -> secret = in.bytes();
                case PROFILE -> profile = tables.parameters().get(in.number());
                case AGE -> born = now - in.signed();
                case LIFETIME -> lifetime = in.number();
                case IDLE_LIMIT -> idleLimit = in.number();
                case IDLE_FOR -> idleSince = now - in.signed();
                case STREAM -> stream = stream(in.message());
                case REPLIES -> replies = in.bytes();
                case COPY_IN -> copyIn = in.bool();
                case SKIP_TO_SYNC -> skipToSync = in.bool();
                case BATCH_OPEN -> batchOpen = in.bool();
                case CONFUSED -> confused = in.bool();
                case SYNC_IN_DOUBT -> syncInDoubt = in.bool();
                case PARAMETERS -> parameters = tables.parameters().get(in.number());
                case STATUS -> status = status(in.integer());
                case TRACES -> traces = in.integer();
                case USED -> used = in.bool();
                case LAST_WAS_ERROR -> lastWasError = in.bool();
                case OWN_ERROR -> ownError = error(in.bytes());
                case SETTLED -> settled = in.bool();
                case MESSAGE_CUT -> messageCut = in.bool();
                case STATEMENTS -> statements = tables.statements().server(in.message());
                case COUNTS -> counts = counts(in.message());
                default -> {} // of a later version
            }
        }
        var identity =
                new ServerIdentity(
                        id,
                        pool,
                        path.isEmpty() ? tcp(ip, scope, port) : new DomainSocketAddress(path),
                        key(processId, secret),
                        profile,
                        born,
                        lifetime,
                        idleLimit);
        var queue =
                new ReplyQueue.Frozen(
                        replies, copyIn, skipToSync, batchOpen, confused, syncInDoubt);
        var protocol =
                new ServerProtocol.Frozen(
                        stream,
                        queue,
                        parameters,
                        status,
                        traces,
                        used,
                        lastWasError,
                        ownError,
                        settled);
        return new FrozenServer(identity, protocol, messageCut, statements, 0, idleSince, counts);
    }

    private static InetSocketAddress tcp(byte[] ip, int scope, int port) throws FormatException {
        try {
            InetAddress address =
                    ip.length == 16 && scope != 0
                            ? Inet6Address.getByAddress(null, ip, scope)
                            : InetAddress.getByAddress(ip);
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException | IllegalArgumentException e) {
            throw new FormatException("address of a server: " + e.getMessage());
        }
    }

    static CancelKey key(int processId, byte[] secret) throws FormatException {
        try {
            return CancelKey.of(processId, secret);
        } catch (IllegalArgumentException e) {
            throw new FormatException(String.valueOf(e.getMessage()));
        }
    }

    private static TransactionStatus status(int code) throws FormatException {
        try {
            return TransactionStatus.of((byte) code);
        } catch (ProtocolException e) {
            throw new FormatException(String.valueOf(e.getMessage()));
        }
    }

    // ---- shared with sessions -------------------------------------------------------------------

    static FieldWriter stream(FrameScanner.Frozen stream) {
        int verdict =
                switch (stream.bodyVerdict()) {
                    case PASS -> 0;
                    case DROP -> 1;
                    case PASS_AND_SHOW -> 2;
                    case STOP -> 3;
                };
        return new FieldWriter()
                .put(STREAM_PARTIAL, stream.partial())
                .put(STREAM_BODY_LEFT, stream.bodyLeft())
                .put(STREAM_VERDICT, verdict);
    }

    static FrameScanner.Frozen stream(FieldReader in) throws FormatException {
        byte[] partial = {};
        int bodyLeft = 0;
        Verdict verdict = Verdict.PASS;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case STREAM_PARTIAL -> partial = in.bytes();
                case STREAM_BODY_LEFT -> bodyLeft = in.integer();
                case STREAM_VERDICT ->
                        verdict =
                                switch (in.integer()) {
                                    case 0 -> Verdict.PASS;
                                    case 1 -> Verdict.DROP;
                                    case 2 -> Verdict.PASS_AND_SHOW;
                                    case 3 -> Verdict.STOP;
                                    default -> throw new FormatException("verdict of a stream");
                                };
                default -> {} // of a later version
            }
        }
        if (bodyLeft < 0) {
            throw new FormatException("length of a message: " + bodyLeft);
        }
        return new FrameScanner.Frozen(partial, bodyLeft, verdict);
    }

    /** The whole ErrorResponse as on the wire; empty for none. */
    static byte[] error(@Nullable ErrorResponse error) {
        if (error == null) {
            return new byte[0];
        }
        ByteBuf out = Unpooled.buffer(256);
        error.encode(out);
        byte[] bytes = ByteBufUtil.getBytes(out);
        out.release();
        return bytes;
    }

    static ErrorResponse error(byte[] message) throws FormatException {
        if (message.length < Frames.HEADER_BYTES) {
            throw new FormatException("an error of " + message.length + " bytes");
        }
        try {
            ByteBuf in = Unpooled.wrappedBuffer(message);
            return ErrorResponse.decode(in.skipBytes(Frames.HEADER_BYTES));
        } catch (ProtocolException e) {
            throw new FormatException(String.valueOf(e.getMessage()));
        }
    }
}
