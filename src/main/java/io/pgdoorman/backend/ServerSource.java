package io.pgdoorman.backend;

import io.netty.channel.EventLoop;
import io.pgdoorman.auth.ServerCredential;

import java.util.function.Consumer;

/**
 * Makes servers for a pool, moves them between event loops, and sends cancel requests. A port, so
 * that a pool can be tested without PostgreSQL.
 */
public interface ServerSource {
    /** Where the outcome of a login goes, on the loop that asked. */
    interface LoginListener {
        void onServer(Server server);

        void onFailure(LoginFailure failure);

        /** On the way to one of both: the connection is encrypted. */
        void onTls(long handshakeNanos);

        /** On the way to a failure: it cannot be encrypted, and has to be. */
        void onTlsFailed();
    }

    /**
     * Logs in with these startup parameters. Never throws.
     *
     * @param owner of the new server
     */
    void logIn(EventLoop loop, ParameterSet profile, ServerOwner owner, LoginListener listener);

    /** Moves an idle server; {@code onMoved} runs on {@code target}, also if the move failed. */
    void move(Server server, EventLoop target, Consumer<Server> onMoved);

    /**
     * Asks PostgreSQL to cancel what the server runs. {@code onDone} runs on the server's loop when
     * PostgreSQL has taken the request or it came to nothing.
     */
    void cancel(Server server, Runnable onDone);

    /** The operator's startup parameters alone: the profile of servers made in advance. */
    ParameterSet defaultProfile();

    /**
     * The profile of a client: its startup parameters with the operator's on top; interned.
     *
     * @param startup the client's, without user, database and application_name
     */
    ParameterSet profileOf(ParameterSet startup);

    /** From now on servers log in with what a client proved. */
    void learn(ServerCredential proved);

    /** How often that has been something new: a refusal from before says nothing any more. */
    default int credentialChanges() {
        return 0;
    }

    /** {@code host:port}, for messages. */
    String endpoint();
}
