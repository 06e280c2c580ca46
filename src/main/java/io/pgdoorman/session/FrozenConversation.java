package io.pgdoorman.session;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

/**
 * What a client and its server were saying to each other, between two events.
 *
 * <p>Threads: immutable by use; the arrays are not shared.
 *
 * @param parameters what the client believes to be set
 * @param parametersRequested the linked server is just being made to report {@code parameters}
 * @param stream position in what the client sends
 * @param nameExpected the next byte of the body is the first of a statement's name
 * @param scanState see {@link io.pgdoorman.backend.Server#scanStatement}
 * @param statements what the client has prepared
 * @param mapping prepared statements are brought to the linked server; meaningless without one
 * @param bonds see {@link SessionBonds}
 * @param refusal why the current batch gets no server; null if it does
 * @param settleDue the server came to rest while a message of the client was passing
 */
public record FrozenConversation(
        ParameterSet parameters,
        boolean parametersRequested,
        FrameScanner.Frozen stream,
        boolean nameExpected,
        long scanState,
        FrozenStatements statements,
        boolean mapping,
        int bonds,
        @Nullable ErrorResponse refusal,
        boolean refusalTold,
        boolean settleDue) {}
