package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.backend.Server;
import io.pgdoorman.statement.Command;

/**
 * Notices what binds a client to its server in transaction mode: state of the session that cannot
 * follow it. Most of it shows in command tags and words (see {@link Server#bonds}); a SET counts
 * unless PostgreSQL reports its parameter, because what it reports follows the client.
 *
 * <p>Threads: confined to the client's loop.
 */
final class SessionBonds {
    private static final int SET = 1;
    private static final int TOLD = 2;

    /** A SET is found at the beginning of the text. */
    private static final int LOOKED_AT = 256;

    private final ClientParameters parameters;
    private int bits;

    SessionBonds(ClientParameters parameters) {
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

    /**
     * The server has come to rest.
     *
     * @return what binds the client to it, in words; empty if nothing does
     */
    String onSettled(Server server) {
        boolean set = (bits & SET) != 0;
        bits &= ~SET;
        String words = server.bonds();
        return !set ? words : words.isEmpty() ? "SET" : "SET, " + words;
    }

    /** Whether it is the first time that the log hears of it. */
    boolean tell() {
        boolean first = (bits & TOLD) == 0;
        bits |= TOLD;
        return first;
    }

    int freeze() {
        return bits;
    }

    void restore(int frozen) {
        bits = frozen;
    }
}
