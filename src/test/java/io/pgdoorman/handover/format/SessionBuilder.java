package io.pgdoorman.handover.format;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.session.ClientIdentity;
import io.pgdoorman.session.FrozenConversation;
import io.pgdoorman.session.FrozenCounts;
import io.pgdoorman.session.FrozenSession;
import io.pgdoorman.session.FrozenStatements;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

/** A client that does nothing, unless a test says otherwise. */
final class SessionBuilder {
    int id = 17;
    String database = "shop";
    String user = "alice";
    String address = "10.0.0.7:51234";
    byte[] secret = {9, 8, 7, 6};
    ProtocolVersion protocol = ProtocolVersion.V3_0;
    ParameterSet profile = ParameterSet.EMPTY;
    String applicationName = "checkout";
    @Nullable ServerBuilder server;
    ParameterSet parameters = Samples.REPORTED;
    boolean parametersRequested;
    FrameScanner.Frozen stream = new FrameScanner.Frozen(new byte[0], 0, Verdict.PASS);
    boolean nameExpected;
    long scanState;
    FrozenStatements statements = FrozenStatements.EMPTY;
    boolean mapping;
    int bonds;
    boolean sessionMode;
    byte[] pending = {};
    FrozenSession.@Nullable Place place;
    @Nullable ErrorResponse refusal;
    boolean refusalTold;
    boolean inputEnded;
    boolean terminated;
    boolean shuttingDown;
    boolean settleDue;
    @Nullable ErrorResponse farewell;
    FrozenCounts counts = FrozenCounts.NONE;
    long connectedNanos = Samples.NOW - 3_600_000_000_000L;

    FrozenSession build() {
        return new FrozenSession(
                new ClientIdentity(
                        id,
                        database,
                        user,
                        address,
                        CancelKey.of(id, secret),
                        protocol,
                        profile,
                        applicationName),
                server == null ? null : server.build(),
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
                        settleDue),
                sessionMode,
                pending,
                place,
                inputEnded,
                terminated,
                shuttingDown,
                farewell,
                counts,
                connectedNanos);
    }
}
