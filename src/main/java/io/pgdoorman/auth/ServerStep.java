package io.pgdoorman.auth;

import io.pgdoorman.wire.frontend.FrontendMessage;

/** What to do next in our login at a server. Threads: immutable. */
public sealed interface ServerStep {
    /** Write and flush {@code message}, then wait for the server. */
    record Send(FrontendMessage message) implements ServerStep {}

    /** Nothing to send: wait for the server's next message. */
    record Wait() implements ServerStep {}

    /**
     * Run {@code work} on a worker thread, then call {@link ServerAuthentication#onDerived} with
     * its result on the loop. The server sends nothing meanwhile but an ErrorResponse.
     */
    record Derive(Derivation work) implements ServerStep {}

    /** The server let us in; parameters and ReadyForQuery follow. */
    record Done() implements ServerStep {}

    /**
     * The login cannot go on: close the connection.
     *
     * @param sqlState fit for an ErrorResponse to a client that waits
     * @param reason fit for the log and for that client; never a secret
     */
    record Failed(String sqlState, String reason) implements ServerStep {}
}
