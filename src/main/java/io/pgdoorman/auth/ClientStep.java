package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.ErrorResponse;

import java.util.List;

/** What to do next in a client's login. Threads: immutable. */
public sealed interface ClientStep {
    /** Write and flush {@code message}, then wait for the client's answer (type {@code p}). */
    record Send(BackendMessage message) implements ClientStep {}

    /**
     * Run {@code work} on a worker thread, then call {@link ClientAuthentication#onDerived} with
     * its result on the loop. Stop reading from the client meanwhile: whatever it sends is a
     * violation.
     */
    record Derive(Derivation work) implements ClientStep {}

    /**
     * Ask {@code authority}, then call {@link ClientAuthentication#onVerdict} or {@link
     * ClientAuthentication#onNoVerdict} on the loop. As with {@link Derive}, the client has to
     * wait.
     */
    record Ask(Authority authority, ClientLogin login, Bytes password) implements ClientStep {}

    /**
     * The client is who it claims to be.
     *
     * @param identity who that is, as the certificate or the authority has it; else the user's name
     * @param application that the client comes from, as the authority has it; else empty
     * @param messages still to be sent, AuthenticationOk last
     * @param credential for pass-through: the most that this login lets the pooler prove to
     *     PostgreSQL as the same user
     */
    record Accepted(
            List<BackendMessage> messages,
            String identity,
            String application,
            ServerCredential credential)
            implements ClientStep {
        public Accepted {
            messages = List.copyOf(messages);
        }
    }

    /**
     * Write {@code error} and close.
     *
     * @param logReason why, for the operator; never a secret, and more than the client is told
     */
    record Refused(ErrorResponse error, String logReason) implements ClientStep {}
}
