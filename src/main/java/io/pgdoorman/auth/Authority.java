package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

import java.util.concurrent.CompletableFuture;

/**
 * Somebody else who knows who a client is by what it sends in place of a password: PAM, a
 * directory, the issuer of tokens.
 *
 * <p>Threads: any asks; nothing blocks the caller.
 */
public interface Authority {
    /** What it says. */
    sealed interface Verdict {
        /**
         * It is somebody.
         *
         * @param identity under which the authority knows him
         * @param application that he comes from; empty if the authority does not know
         */
        record Known(String identity, String application) implements Verdict {
            public Known(String identity) {
                this(identity, "");
            }
        }

        /**
         * It is not.
         *
         * @param reason for the log; no secret
         */
        record Unknown(String reason) implements Verdict {}
    }

    /** What it is called in messages, as PostgreSQL's: {@code LDAP}. */
    String name();

    /**
     * What a client is told that is not the user it says, under a rule that names this authority.
     *
     * @param reason as in the log
     */
    default ErrorResponse refusal(String user, String reason) {
        return ErrorResponse.of(
                Severity.FATAL,
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "%s authentication failed for user \"%s\"".formatted(name(), user));
    }

    /**
     * Asks who a client is. The future completes on any thread and soon enough: it fails if nobody
     * can tell, with a message for the log that holds no secret.
     *
     * @param password as the client sent it; not to be kept
     */
    CompletableFuture<Verdict> ask(ClientLogin login, Bytes password);
}
