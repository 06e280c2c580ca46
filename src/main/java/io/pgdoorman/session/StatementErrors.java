package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.backend.ErrorFate;
import io.pgdoorman.backend.Server;
import io.pgdoorman.statement.ServerStatements;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorFields;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes PostgreSQL's errors about prepared statements those the client expects: with its own names,
 * and without one of the statements that a changed table has made useless.
 *
 * <p>An error says what the server calls the statement. What the client calls it is known from the
 * last few that were used since the server came to rest.
 *
 * <p>Threads: confined to the client's loop.
 */
final class StatementErrors {
    private static final int RECENT = 8;
    private static final byte LOWER = 0x20;
    private static final byte[] PREFIX =
            ServerStatements.PREFIX.getBytes(StandardCharsets.US_ASCII);

    private final Channel client;
    private final ClientStatements own;
    private final @Nullable Statement[] statements = new Statement[RECENT];
    private final byte[][] serverNames = new byte[RECENT][];
    private final @Nullable StatementName[] clientNames = new StatementName[RECENT];
    private int used;

    StatementErrors(Channel client, ClientStatements own) {
        this.client = client;
        this.own = own;
    }

    /** A message that uses the statement goes out; a name without bytes stands for none. */
    void remember(Statement statement, byte[] serverName, StatementName clientName) {
        int i = used % RECENT;
        statements[i] = statement;
        serverNames[i] = serverName;
        clientNames[i] = clientName;
        used++;
    }

    /** The server has come to rest. */
    void forget() {
        if (used > 0) {
            used = 0;
            Arrays.fill(statements, null);
            Arrays.fill(clientNames, null);
        }
    }

    // ---- names that begin as ours ---------------------------------------------------------------

    static boolean isOurs(ByteBuf in, int name, int nameEnd) {
        return nameEnd - name >= PREFIX.length && in.getByte(name) == PREFIX[0] && isTail(in, name);
    }

    /** The prefix but for its first byte. */
    private static boolean isTail(ByteBuf in, int name) {
        for (int i = 1; i < PREFIX.length; i++) {
            if (in.getByte(name + i) != PREFIX[i]) {
                return false;
            }
        }
        return true;
    }

    /** Makes such a name one that no server has; an error about it gets it back. */
    static void disguise(ByteBuf in, int name) {
        in.setByte(name, PREFIX[0] | LOWER);
    }

    // ---- errors ---------------------------------------------------------------------------------

    /**
     * An error for the client.
     *
     * @param in borrowed; the body of an ErrorResponse
     * @return what becomes of it
     */
    ErrorFate onError(Server server, ByteBuf in, int index, int bodyLength) {
        if (ErrorFields.has(
                        in, index, bodyLength, ErrorFields.SQLSTATE, SqlState.FEATURE_NOT_SUPPORTED)
                && ErrorFields.has(
                        in, index, bodyLength, ErrorFields.ROUTINE, "RevalidateCachedQuery")) {
            if (server.retry()) {
                return ErrorFate.RETRIED;
            }
            renew();
        }
        int at = indexOfPrefix(in, index, index + bodyLength);
        if (at < 0) {
            return ErrorFate.PASSES;
        }
        if (in.getByte(at) != PREFIX[0]) {
            in.setByte(at, PREFIX[0]); // see disguise
            return ErrorFate.PASSES;
        }
        int end = at + PREFIX.length;
        while (isNameByte(in.getByte(end))) {
            end++;
        }
        byte[] serverName = new byte[end - at];
        in.getBytes(at, serverName);
        byte[] clients = clientName(serverName);
        if (clients == null) {
            return ErrorFate.PASSES;
        }
        int length = bodyLength - serverName.length + clients.length;
        ByteBuf out = client.alloc().buffer(Frames.HEADER_BYTES + length);
        out.writeByte(BackendType.ERROR_RESPONSE).writeInt(Integer.BYTES + length);
        out.writeBytes(in, index, at - index).writeBytes(clients);
        out.writeBytes(in, end, index + bodyLength - end);
        client.write(out, client.voidPromise());
        return ErrorFate.REPLACED;
    }

    /** The tables of a statement have changed: whoever uses it next, prepares it again. */
    private void renew() {
        if (used > RECENT) {
            own.renewAll();
        }
        for (Statement statement : statements) {
            if (statement != null) {
                statement.renew(statement.generation());
            }
        }
    }

    /** Of a name in quotes that begins as ours, or as those of {@link #disguise}. */
    private static int indexOfPrefix(ByteBuf in, int from, int end) {
        for (int i = from + 1; i <= end - PREFIX.length; i++) {
            if ((in.getByte(i) | LOWER) == (PREFIX[0] | LOWER)
                    && in.getByte(i - 1) == '"'
                    && isTail(in, i)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isNameByte(byte b) {
        return b == '_' || (b >= '0' && b <= '9');
    }

    /** What the client calls what the server calls so; null if it is none of its statements. */
    private byte @Nullable [] clientName(byte[] serverName) {
        for (int i = used - 1; i >= 0 && i >= used - RECENT; i--) {
            StatementName name = clientNames[i % RECENT];
            if (name != null && Arrays.equals(serverNames[i % RECENT], serverName)) {
                return name.bytes();
            }
        }
        return null;
    }

    // ---- freeze ---------------------------------------------------------------------------------

    List<FrozenStatements.Used> freeze() {
        List<FrozenStatements.Used> frozen = new ArrayList<>();
        for (int i = Math.max(0, used - RECENT); i < used; i++) {
            byte[] serverName = serverNames[i % RECENT];
            StatementName name = clientNames[i % RECENT];
            if (name != null && serverName.length > 0) {
                frozen.add(new FrozenStatements.Used(serverName, name.bytes()));
            }
        }
        return frozen;
    }

    void restore(List<FrozenStatements.Used> frozen) {
        for (FrozenStatements.Used one : frozen) {
            int i = used % RECENT;
            serverNames[i] = one.serverName();
            clientNames[i] = StatementName.of(one.name());
            used++;
        }
        used = Math.max(used, RECENT) + 1; // which statements they were, is forgotten
    }
}
