package io.pgdoorman.handover.format;

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
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;

/** A server between two transactions, unless a test says otherwise. */
final class ServerBuilder {
    static final SocketAddress UNIX = new DomainSocketAddress("/run/postgresql/.s.PGSQL.5432");
    static final SocketAddress IPV4 = tcp("10.1.2.3", 0);
    static final SocketAddress IPV6 = tcp("2001:db8::17", 0);
    static final SocketAddress IPV6_LINK_LOCAL = tcp("fe80::1", 3);

    long id = 4_294_967_297L;
    String pool = "alice@shop";
    SocketAddress address = IPV4;
    CancelKey cancelKey = CancelKey.of(71_234, new byte[] {1, 2, 3, 4});
    ParameterSet profile = ParameterSet.EMPTY;
    long bornNanos = Samples.NOW - 60_000_000_000L;
    long lifetimeNanos = 1_200_000_000_000L;
    long idleNanos = Long.MAX_VALUE;
    FrameScanner.Frozen stream = new FrameScanner.Frozen(new byte[0], 0, Verdict.PASS);
    String replies = "";
    boolean copyIn;
    boolean skipToSync;
    boolean batchOpen;
    boolean confused;
    boolean syncInDoubt;
    ParameterSet parameters = Samples.REPORTED;
    TransactionStatus status = TransactionStatus.IDLE;
    int traces;
    boolean used;
    boolean lastWasError;
    @Nullable ErrorResponse ownError;
    boolean settled;
    boolean messageCut;
    ServerStatements.Frozen statements = ServerStatements.Frozen.EMPTY;
    long idleSinceNanos = Samples.NOW - 1_000_000L;

    ServerCounts counts = ServerCounts.NONE;

    FrozenServer build() {
        return new FrozenServer(
                new ServerIdentity(
                        id, pool, address, cancelKey, profile, bornNanos, lifetimeNanos, idleNanos),
                new ServerProtocol.Frozen(
                        stream,
                        new ReplyQueue.Frozen(
                                replies.getBytes(StandardCharsets.US_ASCII),
                                copyIn,
                                skipToSync,
                                batchOpen,
                                confused,
                                syncInDoubt),
                        parameters,
                        status,
                        traces,
                        used,
                        lastWasError,
                        ownError,
                        settled),
                messageCut,
                statements,
                0,
                idleSinceNanos,
                counts);
    }

    private static InetSocketAddress tcp(String ip, int scope) {
        try {
            byte[] address = InetAddress.getByName(ip).getAddress();
            return new InetSocketAddress(
                    scope == 0
                            ? InetAddress.getByAddress(address)
                            : Inet6Address.getByAddress(null, address, scope),
                    5432);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
