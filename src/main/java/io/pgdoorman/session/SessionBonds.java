package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.backend.Server;
import io.pgdoorman.config.SessionState;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.statement.Command;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.NoticeResponse;
import io.pgdoorman.wire.backend.Severity;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices what binds a client to its server in transaction mode: state of the session that cannot
 * follow it. Most of it shows in command tags and words (see {@link Server#bonds}); a SET counts
 * unless PostgreSQL reports its parameter, because what it reports follows the client. The log and,
 * if the pool wishes so, the client hear of it.
 *
 * <p>Threads: confined to the client's loop.
 */
final class SessionBonds {
    private static final Logger LOG = LoggerFactory.getLogger(SessionBonds.class);

    private static final int SET = 1;
    private static final int TOLD = 2;

    /** A SET is found at the beginning of the text. */
    private static final int LOOKED_AT = 256;

    /** What becomes of a server that has come to rest. */
    enum Consequence {
        /** Nothing binds the client to it, or nobody minds. */
        LEAVES,
        /** The client keeps it until it leaves. */
        STAYS,
        /** The client is closed. */
        FORBIDDEN
    }

    private final ClientIdentity identity;
    private final Channel client;
    private final ClientParameters parameters;
    private int bits;

    /** What bound the client to the server that came to rest last. */
    private String words = "";

    SessionBonds(ClientIdentity identity, Channel client, ClientParameters parameters) {
        this.identity = identity;
        this.client = client;
        this.parameters = parameters;
    }

    /** A simple query goes out. Borrows {@code in}. */
    void onQuery(ByteBuf in, int index, int bodyLength) {
        int there = Math.min(Math.min(bodyLength, LOOKED_AT), in.writerIndex() - index);
        onStatement(Command.of(in, index, there));
    }

    /** A statement is run. */
    void onStatement(Command command) {
        if (command.kind() == Command.Kind.SET
                && parameters.current().get(command.name()) == null) {
            bits |= SET;
        }
    }

    /** The server has come to rest. */
    Consequence onSettled(Server server, PoolSettings settings) {
        boolean set = (bits & SET) != 0;
        bits &= ~SET;
        String bonds = server.bonds();
        words = !set ? bonds : bonds.isEmpty() ? "SET" : "SET, " + bonds;
        if (words.isEmpty() || settings.sessionState() == SessionState.IGNORE) {
            return Consequence.LEAVES;
        }
        if (settings.sessionState() == SessionState.REJECT) {
            return Consequence.FORBIDDEN;
        }
        boolean pins = settings.sessionState() == SessionState.PIN;
        tell(
                pins
                        ? "the client keeps its server until it leaves"
                        : "it is removed when the server goes to another client",
                settings.sessionStateNotice());
        return pins ? Consequence.STAYS : Consequence.LEAVES;
    }

    private void tell(String consequence, boolean notice) {
        if ((bits & TOLD) == 0) {
            bits |= TOLD;
            LOG.warn("{} session state in transaction mode: {}; {}", identity, words, consequence);
        }
        if (notice) {
            ClientOutput.write(
                    client,
                    NoticeResponse.of(
                            Severity.WARNING,
                            SqlState.WARNING,
                            "session state in transaction mode: " + words + "; " + consequence));
        }
    }

    /** What a client is told that is closed. */
    ErrorResponse forbidden() {
        return ErrorResponse.of(
                Severity.FATAL,
                SqlState.FEATURE_NOT_SUPPORTED,
                "session state is not allowed in this pool: " + words);
    }

    int freeze() {
        return bits;
    }

    void restore(int frozen) {
        bits = frozen;
    }
}
