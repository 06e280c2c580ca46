package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgdoorman.backend.ErrorFate;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ReplyQueue;
import io.pgdoorman.backend.Server;
import io.pgdoorman.backend.Skipped;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.statement.Command;
import io.pgdoorman.statement.ServerStatements;
import io.pgdoorman.statement.Statement;
import io.pgdoorman.statement.StatementCache;
import io.pgdoorman.statement.StatementMemory;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.LoopStats;
import io.pgdoorman.wire.FrameScanner.Verdict;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.CloseComplete;
import io.pgdoorman.wire.backend.CommandComplete;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ParseComplete;
import io.pgdoorman.wire.backend.Severity;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Makes a client's prepared statements work on whatever server it meets: puts the server's names in
 * the place of the client's, prepares what a server does not have, and leaves out what it has.
 *
 * <pre>
 *   client sends            server has it            server has it not
 *   Parse "s1" text         nothing (made-up reply)  [Close old] Parse "DOORMAN_7" text
 *   Bind "s1"               Bind "DOORMAN_7"         [Close old] Parse "DOORMAN_7" text, Bind
 *   Describe "s1"           the same
 *   Close "s1"              nothing (made-up reply): others use it
 *   Parse "" text, 1st time Parse "" text: as it came, for it may never come again
 *   Parse "" text, later    as a named one
 * </pre>
 *
 * <p>Errors are PostgreSQL's own: what has to fail is sent so that it fails there. Names in them
 * are the client's.
 *
 * <p>Threads: confined to the client's loop.
 */
final class StatementRelay {
    /** A statement of more bytes is not kept: without a name it passes, with one it is refused. */
    private static final int MAX_HELD_PARSE = 16 << 20;

    /** Of a Bind so much is looked at; PostgreSQL looks at 63 bytes of a name. */
    private static final int MAX_HELD_BIND = 4 * 1024;

    /** A shorter text passes even if there is no memory for more. */
    private static final int MIN_COUNTED = 1_024;

    private static final int MAX_COMMAND = 512;
    private static final byte[] NO_NAME = {};
    private static final ParseComplete PARSE_COMPLETE = new ParseComplete();
    private static final CloseComplete CLOSE_COMPLETE = new CloseComplete();

    private static final byte LOWER = 0x20;
    private static final StatementName UNNAMED = StatementName.of(NO_NAME);

    /** How a session lets others write into its stream. */
    interface Stream {
        /** What came before the message goes out first. */
        void passRun();

        /** Of the message at hand, the header and so many bytes of the body do not go out. */
        void replaceHead(int bytes);

        /** What notices session state; null if nobody cares. */
        @Nullable SessionBonds bonds();
    }

    private final Stream stream;
    private final Pool pool;
    private final LoopStats stats;
    private final Channel client;
    private final ParameterSet profile;
    private final ClientParameters parameters;
    private final ClientStatements own = new ClientStatements();
    private @Nullable ParameterSet contextOf;
    private String context = "";
    private final StatementErrors errors;

    StatementRelay(
            Stream stream,
            Shard shard,
            Channel client,
            ParameterSet profile,
            ClientParameters parameters) {
        this.stream = stream;
        this.pool = shard.pool();
        this.stats = shard.stats();
        this.client = client;
        this.profile = profile;
        this.parameters = parameters;
        this.errors = new StatementErrors(client, own);
    }

    /** What a Bind refers to; null if that is not known. Borrows {@code in}. */
    @Nullable Statement boundBy(ByteBuf in, int index, int end) {
        int portalEnd = in.indexOf(index, end, (byte) 0);
        int nameEnd = portalEnd < 0 ? -1 : in.indexOf(portalEnd + 1, end, (byte) 0);
        if (nameEnd < 0) {
            return null;
        }
        int name = portalEnd + 1;
        ClientStatements.Named named = find(in, name, nameEnd);
        return named != null ? named.statement() : nameEnd == name ? own.unnamed() : null;
    }

    /** Calls {@code action} for each that the client has. */
    void forEach(Consumer<? super Statement> action) {
        own.forEach(action);
    }

    /** Statements with a name. */
    int size() {
        return own.size();
    }

    // ---- what the client sends ------------------------------------------------------------------

    /** How many bytes of the body have to be there. */
    static int heldBytes(byte type, int bodyLength) {
        return switch (type) {
            case FrontendType.PARSE -> bodyLength <= MAX_HELD_PARSE ? bodyLength : MAX_HELD_BIND;
            case FrontendType.BIND -> Math.min(bodyLength, MAX_HELD_BIND);
            case FrontendType.DESCRIBE, FrontendType.CLOSE -> bodyLength;
            case FrontendType.QUERY -> bodyLength <= MAX_COMMAND ? bodyLength : 0;
            default -> 0;
        };
    }

    /** Whether {@link #onMessage} has to see a message. */
    static boolean isConcerned(byte type, ByteBuf in, int index, int bodyLength) {
        return switch (type) {
            case FrontendType.PARSE, FrontendType.BIND -> true;
            case FrontendType.DESCRIBE, FrontendType.CLOSE ->
                    bodyLength == 0 || in.getByte(index) == 'S';
            case FrontendType.QUERY ->
                    bodyLength > 1
                            && bodyLength <= MAX_COMMAND
                            && Command.mayBeAboutStatements(in.getByte(index));
            default -> false;
        };
    }

    /**
     * Whether a simple query needs no server, because it is about names only the pooler knows; its
     * answer is written then.
     */
    boolean answersAlone(ByteBuf in, int index, int bodyLength) {
        Command command = command(in, index, bodyLength);
        switch (command.kind()) {
            case DEALLOCATE -> {
                StatementName name = StatementName.of(command.name());
                if (own.get(name) == null) {
                    return false;
                }
                own.remove(name);
                ClientOutput.write(client, new CommandComplete("DEALLOCATE"));
            }
            case DEALLOCATE_ALL -> {
                own.clear();
                ClientOutput.write(client, new CommandComplete("DEALLOCATE ALL"));
            }
            default -> {
                return false;
            }
        }
        own.forgetUnnamed();
        ClientOutput.writeReadyForQuery(client, TransactionStatus.IDLE);
        client.flush();
        return true;
    }

    private static Command command(ByteBuf in, int index, int bodyLength) {
        if (bodyLength < 2
                || bodyLength > MAX_COMMAND
                || !Command.mayBeAboutStatements(in.getByte(index))) {
            return Command.OTHER;
        }
        return Command.of(in, index, bodyLength - 1);
    }

    /**
     * A message on its way to the linked server.
     *
     * @param in borrowed; holds what {@link #heldBytes} asked for
     * @return what becomes of it; null if it goes as any other message does
     */
    @Nullable Verdict onMessage(Server server, byte type, ByteBuf in, int index, int bodyLength) {
        ReplyQueue replies = server.replies();
        if (replies.isSkipping() || replies.isCopyIn()) {
            return null; // PostgreSQL does not look at it
        }
        return switch (type) {
            case FrontendType.PARSE -> onParse(server, in, index, bodyLength);
            case FrontendType.BIND -> onBind(server, in, index, bodyLength);
            case FrontendType.DESCRIBE -> onDescribe(server, in, index, bodyLength);
            case FrontendType.CLOSE -> onClose(server, in, index, bodyLength);
            case FrontendType.QUERY -> onQuery(server, in, index, bodyLength);
            default -> null;
        };
    }

    private @Nullable Verdict onParse(Server server, ByteBuf in, int index, int bodyLength) {
        int end = index + Math.min(bodyLength, heldBytes(FrontendType.PARSE, bodyLength));
        int nameEnd = in.indexOf(index, end, (byte) 0);
        if (nameEnd < 0) {
            return null; // PostgreSQL says what is wrong with it
        }
        if (bodyLength > MAX_HELD_PARSE) {
            return onEndlessParse(server, nameEnd > index);
        }
        int text = nameEnd + 1;
        int textEnd = in.indexOf(text, end, (byte) 0);
        if (textEnd < 0 || !isWholeParse(in, textEnd, end)) {
            return null;
        }
        if (nameEnd == index && isTooMuch(server, bodyLength)) {
            return onEndlessParse(server, false);
        }
        Statement statement = define(server, in, text, textEnd, end);
        if (nameEnd > index) {
            return onNamedParse(
                    server,
                    StatementName.copy(in, index, nameEnd - index),
                    statement,
                    in,
                    text,
                    nameEnd + 1 - index,
                    bodyLength);
        }
        statement.see(System.nanoTime());
        own.parseUnnamed(statement, !statement.isProven());
        if (statement.isProven()) {
            statement.markFrequent();
            return sendOrSkip(server, statement, in, text, 1, bodyLength);
        }
        server.sentUnnamedParse();
        server.statements().prepareUnnamed(statement);
        return Verdict.PASS;
    }

    /** What has no reply yet is kept, and an idle client's text: so both have to be bounded. */
    private static boolean isTooMuch(Server server, int bodyLength) {
        return (long) bodyLength * server.replies().size() > MAX_HELD_PARSE
                || (bodyLength > MIN_COUNTED && StatementMemory.isFull());
    }

    /** Number of types, and the types. */
    private static boolean isWholeParse(ByteBuf in, int textEnd, int end) {
        int types = textEnd + 1;
        return end - types >= Short.BYTES
                && in.getShort(types) >= 0
                && end - types == Short.BYTES + in.getShort(types) * Integer.BYTES;
    }

    private Verdict onNamedParse(
            Server server,
            StatementName name,
            Statement statement,
            ByteBuf in,
            int text,
            int nameLength,
            int bodyLength) {
        ClientStatements.Named taken = own.get(name);
        if (taken != null && isBeingForgotten(server, taken)) {
            own.parseInPlace(name, statement);
            return sendOrSkip(server, statement, in, text, nameLength, bodyLength);
        }
        if (taken != null) {
            stream.passRun();
            ServerStatements.Entry entry = bringNamed(server, taken);
            own.parseAgain(name, statement);
            server.statements().prepareAgain(statement, entry);
            server.addTraces(statement.traces()); // the name may turn out to be free
            server.sentMappedParse();
            errors.remember(taken.statement(), entry.name(), name);
            rename(server, FrontendType.PARSE, entry.name(), nameLength, bodyLength);
            return Verdict.PASS;
        }
        if (own.size() >= pool.settings().clientStatements()) {
            throw new ProtocolException(
                    SqlState.CONFIGURATION_LIMIT_EXCEEDED,
                    "more than %d prepared statements (client_prepared_statements_limit)"
                            .formatted(pool.settings().clientStatements()));
        }
        if (StatementMemory.isFull()) {
            throw new ProtocolException(
                    SqlState.OUT_OF_MEMORY,
                    "no memory for more prepared statements: close those that are not needed, or"
                            + " see PG_DOORMAN_HEAP");
        }
        statement.see(System.nanoTime());
        own.parse(name, statement);
        return sendOrSkip(server, statement, in, text, nameLength, bodyLength);
    }

    /**
     * Whether a command on its way takes the name away if it succeeds, and the server has nothing
     * that would tell by an error that it has failed.
     */
    private static boolean isBeingForgotten(Server server, ClientStatements.Named taken) {
        ServerStatements statements = server.statements();
        return statements.mayBeGone()
                && !taken.isInDoubt()
                && statements.use(taken.statement()) == null;
    }

    private Verdict sendOrSkip(
            Server server,
            Statement statement,
            ByteBuf in,
            int text,
            int nameLength,
            int bodyLength) {
        stream.passRun();
        ServerStatements statements = server.statements();
        if (statements.use(statement) != null && !statements.mayBeGone()) {
            count(server, true);
            boolean certain = server.replies().isStatusCertain();
            if (certain && server.status() != TransactionStatus.FAILED) {
                server.skip(Skipped.PARSE);
                return Verdict.DROP;
            }
            // If the transaction has failed, this has to fail, and in PostgreSQL's words.
            if (!certain && isLetter(in.getByte(text))) {
                server.probe();
                return Verdict.DROP;
            }
            statements.prepareUnnamed(statement);
            server.sentUnnamedParse();
            rename(server, FrontendType.PARSE, NO_NAME, nameLength, bodyLength);
            return Verdict.PASS;
        }
        count(server, false);
        server.makeRoom(pool.settings().serverStatements());
        ServerStatements.Entry entry = statements.prepare(statement);
        server.sentMappedParse();
        rename(server, FrontendType.PARSE, entry.name(), nameLength, bodyLength);
        return Verdict.PASS;
    }

    /** Whether a server had what a client wanted. */
    private void count(Server server, boolean prepared) {
        server.countStatement(prepared);
        stats.count(prepared ? Counter.STATEMENT_HITS : Counter.STATEMENT_MISSES);
    }

    /** A text that begins so is not empty: even a failed transaction reads an empty one. */
    private static boolean isLetter(byte b) {
        return (b | LOWER) >= 'a' && (b | LOWER) <= 'z';
    }

    /** Writes header and name; the rest of the body follows. */
    private void rename(Server server, byte type, byte[] name, int replaced, int bodyLength) {
        int length = name.length + 1;
        ByteBuf out = server.compose(Frames.HEADER_BYTES + length);
        out.writeByte(type).writeInt(Integer.BYTES + bodyLength - replaced + length);
        out.writeBytes(name).writeByte(0);
        stream.replaceHead(replaced);
    }

    /**
     * Too long to be kept. PostgreSQL's own unnamed statement, for as long as the client has this
     * server.
     */
    private Verdict onEndlessParse(Server server, boolean named) {
        if (named) {
            throw new ProtocolException(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "prepared statement of more than %d MB: send it without a name"
                            .formatted(MAX_HELD_PARSE >> 20));
        }
        var passing = Statement.passing();
        own.parseUnnamed(passing, true);
        server.sentUnnamedParse();
        server.statements().prepareUnnamed(passing);
        return Verdict.PASS_AND_SHOW;
    }

    private Statement define(Server server, ByteBuf in, int text, int textEnd, int end) {
        int length = end - text;
        String key = context();
        StatementCache cache = pool.statements();
        boolean special = server.readsStatementsDifferently();
        Statement found = special ? null : cache.find(in, text, length, key);
        if (found != null) {
            return found;
        }
        int traces = Server.tracesOf(in, text, textEnd - text);
        boolean alone =
                special
                        || switch (Command.of(in, text, textEnd - text).kind()) {
                            case OTHER, SET -> false;
                            default -> true;
                        };
        return alone
                ? StatementCache.own(in, text, length, key, traces)
                : cache.add(in, text, length, key, traces, pool.settings().statements());
    }

    private String context() {
        ParameterSet now = parameters.current();
        ParameterSet then = contextOf;
        if (then == null || !then.isSame(now)) {
            contextOf = now;
            context = pool.statements().context(profile.statementContext(), now.statementContext());
        }
        return context;
    }

    private @Nullable Verdict onBind(Server server, ByteBuf in, int index, int bodyLength) {
        int end = index + Math.min(bodyLength, MAX_HELD_BIND);
        int portalEnd = in.indexOf(index, end, (byte) 0);
        int nameEnd = portalEnd < 0 ? -1 : in.indexOf(portalEnd + 1, end, (byte) 0);
        if (nameEnd < 0) {
            if (bodyLength > MAX_HELD_BIND) {
                throw new ProtocolException("invalid name in Bind message");
            }
            return null;
        }
        int name = portalEnd + 1;
        ClientStatements.Named named = find(in, name, nameEnd);
        Statement statement = named == null && nameEnd == name ? own.unnamed() : null;
        statement = named == null ? statement : named.statement();
        if (statement == null) {
            return onUnknown(server, in, name, nameEnd);
        }
        server.addTraces(statement.traces());
        if (!statement.isShared() && deallocate(server, statement)) {
            return renameBind(server, in, index, portalEnd, nameEnd, bodyLength, NO_NAME, true);
        }
        SessionBonds bonds = stream.bonds();
        if (bonds != null) {
            bonds.onStatement(statement.command());
        }
        boolean first = isFirst(server);
        byte[] serverName = bring(server, statement, named);
        if (serverName == null) {
            return null; // the server's unnamed statement: it goes as it is
        }
        if (first && isFirst(server)) { // still: it had not to be prepared
            server.mayRetry(statement);
        }
        return renameBind(server, in, index, portalEnd, nameEnd, bodyLength, serverName, false);
    }

    /** Nothing is outstanding, and nothing would be lost if PostgreSQL began again. */
    private static boolean isFirst(Server server) {
        return server.replies().isSettled() && server.status() == TransactionStatus.IDLE;
    }

    private Verdict renameBind(
            Server server,
            ByteBuf in,
            int index,
            int portalEnd,
            int nameEnd,
            int bodyLength,
            byte[] serverName,
            boolean noted) {
        int portalLength = portalEnd + 1 - index;
        int replaced = nameEnd + 1 - index;
        int head = portalLength + serverName.length + 1;
        ByteBuf out = server.compose(Frames.HEADER_BYTES + head);
        out.writeByte(FrontendType.BIND).writeInt(Integer.BYTES + bodyLength - replaced + head);
        out.writeBytes(in, index, portalLength).writeBytes(serverName).writeByte(0);
        if (!noted) {
            server.sentRenamed(FrontendType.BIND);
        }
        stream.replaceHead(replaced);
        return Verdict.PASS;
    }

    /**
     * Of a DEALLOCATE that is about to be run. If it names one of the client's statements, the
     * server gets, as its unnamed statement, one that names its own.
     *
     * @return whether it does
     */
    private boolean deallocate(Server server, Statement statement) {
        Command command = statement.command();
        switch (command.kind()) {
            case DEALLOCATE -> {
                ClientStatements.Named named = own.get(StatementName.of(command.name()));
                if (named == null) {
                    return false;
                }
                stream.passRun();
                ServerStatements.Entry entry = bringNamed(server, named);
                String name = new String(entry.name(), StandardCharsets.US_ASCII);
                byte[] definition =
                        "DEALLOCATE \"%s\"\0\0\0"
                                .formatted(name)
                                .getBytes(StandardCharsets.US_ASCII);
                server.prepareUnnamed(new Statement(definition, "", 0, 0, false));
                own.close(named.name());
                server.sentDeallocatingBind(entry);
                return true;
            }
            case DEALLOCATE_ALL, DISCARD_ALL -> server.statements().doubt();
            case OTHER, SET, TRANSACTION_END -> {}
        }
        return false;
    }

    private ClientStatements.@Nullable Named find(ByteBuf in, int name, int nameEnd) {
        return nameEnd == name ? null : own.get(StatementName.probe(in, name, nameEnd - name));
    }

    /**
     * Sees to it that the server has it.
     *
     * @param named null for the client's unnamed one
     * @return its name there; null if it is the server's unnamed one
     */
    private byte @Nullable [] bring(
            Server server, Statement statement, ClientStatements.@Nullable Named named) {
        ServerStatements statements = server.statements();
        if (named != null) {
            stream.passRun();
            byte[] name = bringNamed(server, named).name();
            errors.remember(statement, name, named.name());
            return name;
        }
        if (statements.isUnnamed(statement)
                || (statements.isLastUnnamed(statement) && own.isUnnamedInDoubt())) {
            errors.remember(statement, NO_NAME, UNNAMED);
            return null;
        }
        ServerStatements.Entry entry = statements.use(statement);
        stream.passRun();
        count(server, entry != null);
        if (entry == null) {
            if (!statement.isFrequent()) {
                errors.remember(statement, NO_NAME, UNNAMED);
                if (statement.isPassing()) {
                    server.closeUnnamed();
                } else {
                    server.prepareUnnamed(statement);
                }
                return null;
            }
            entry = server.prepare(statement, pool.settings().serverStatements());
        }
        errors.remember(statement, entry.name(), UNNAMED);
        return entry.name();
    }

    /**
     * While nobody knows whether the client's own Parse succeeds, what it was sent as is used: if
     * it fails, so has this.
     */
    private ServerStatements.Entry bringNamed(Server server, ClientStatements.Named named) {
        ServerStatements statements = server.statements();
        Statement statement = named.statement();
        ServerStatements.Entry entry = statements.use(statement);
        if (entry == null && named.isInDoubt()) {
            entry = statements.inDoubt(statement);
        }
        count(server, entry != null);
        return entry == null
                ? server.prepare(statement, pool.settings().serverStatements())
                : entry;
    }

    /**
     * PostgreSQL knows it, from a PREPARE, or says that it does not. It must not know another
     * client's.
     */
    private @Nullable Verdict onUnknown(Server server, ByteBuf in, int name, int nameEnd) {
        if (nameEnd == name) {
            if (server.statements().mayHaveUnnamed()) {
                stream.passRun();
                server.closeUnnamed();
            }
        } else if (StatementErrors.isOurs(in, name, nameEnd)) {
            StatementErrors.disguise(in, name); // a name that nobody has
        }
        return null;
    }

    private @Nullable Verdict onDescribe(Server server, ByteBuf in, int index, int bodyLength) {
        int nameEnd = statementNameEnd(in, index, bodyLength);
        if (nameEnd < 0) {
            return null;
        }
        int name = index + 1;
        ClientStatements.Named named = find(in, name, nameEnd);
        Statement statement = named == null && nameEnd == name ? own.unnamed() : null;
        statement = named == null ? statement : named.statement();
        if (statement == null) {
            return onUnknown(server, in, name, nameEnd);
        }
        byte[] serverName = bring(server, statement, named);
        if (serverName == null) {
            return null;
        }
        int head = 1 + serverName.length + 1;
        ByteBuf out = server.compose(Frames.HEADER_BYTES + head);
        out.writeByte(FrontendType.DESCRIBE).writeInt(Integer.BYTES + head);
        out.writeByte('S').writeBytes(serverName).writeByte(0);
        server.sentRenamed(FrontendType.DESCRIBE);
        return Verdict.DROP;
    }

    /** Of a message that is about a statement, well formed; -1 of any other. */
    private static int statementNameEnd(ByteBuf in, int index, int bodyLength) {
        boolean whole =
                bodyLength >= 2
                        && in.getByte(index) == 'S'
                        && in.indexOf(index + 1, index + bodyLength, (byte) 0)
                                == index + bodyLength - 1;
        return whole ? index + bodyLength - 1 : -1;
    }

    private @Nullable Verdict onClose(Server server, ByteBuf in, int index, int bodyLength) {
        int nameEnd = statementNameEnd(in, index, bodyLength);
        if (nameEnd < 0) {
            return null;
        }
        int name = index + 1;
        if (nameEnd == name) {
            own.closeUnnamed();
            server.statements().closeUnnamed();
            server.sentUnnamedClose();
            return Verdict.PASS;
        }
        StatementName probe = StatementName.probe(in, name, nameEnd - name);
        if (own.get(probe) == null && !own.isOnItsWay(probe)) {
            return StatementErrors.isOurs(in, name, nameEnd)
                    ? onUnknown(server, in, name, nameEnd)
                    : null;
        }
        own.close(StatementName.copy(in, name, nameEnd - name));
        stream.passRun();
        server.skip(Skipped.CLOSE);
        return Verdict.DROP;
    }

    private @Nullable Verdict onQuery(Server server, ByteBuf in, int index, int bodyLength) {
        Command command = command(in, index, bodyLength);
        ReplyQueue replies = server.replies();
        boolean alone = replies.isSettled();
        boolean failed = server.status() == TransactionStatus.FAILED;
        switch (command.kind()) {
            case DEALLOCATE -> {
                StatementName name = StatementName.of(command.name());
                boolean certainlyFails = alone && failed;
                if (own.get(name) != null && !replies.isBatchOpen() && !certainlyFails) {
                    own.close(name);
                    own.forgetUnnamed();
                    return answered(server, Skipped.DEALLOCATE);
                }
            }
            case DEALLOCATE_ALL -> {
                if (alone && !failed && !server.hasUnknownStatements()) {
                    own.deallocateAll();
                    return answered(server, Skipped.DEALLOCATE_ALL);
                }
                server.statements().doubt();
            }
            case DISCARD_ALL -> {
                if (alone && server.status() == TransactionStatus.IDLE) {
                    server.statements().forget(); // what is sent behind it has to know
                    own.clear();
                } else {
                    server.statements().doubt();
                }
            }
            case OTHER, SET, TRANSACTION_END -> {}
        }
        return null;
    }

    /** A simple query goes out: PostgreSQL drops the unnamed statement. */
    void onQuery() {
        own.forgetUnnamed();
    }

    private Verdict answered(Server server, Skipped message) {
        stream.passRun();
        server.skip(message);
        return Verdict.DROP;
    }

    // ---- what the server says -------------------------------------------------------------------

    /** Writes the reply to a message that was not sent. */
    void onSkipped(Server server, Skipped message) {
        switch (message) {
            case PARSE -> ClientOutput.write(client, PARSE_COMPLETE);
            case CLOSE -> ClientOutput.write(client, CLOSE_COMPLETE);
            case DEALLOCATE -> {
                if (server.status() == TransactionStatus.FAILED) {
                    own.refuse();
                    ClientOutput.write(client, transactionFailed());
                } else {
                    ClientOutput.write(client, new CommandComplete("DEALLOCATE"));
                }
                ClientOutput.writeReadyForQuery(client, server.status());
            }
            case DEALLOCATE_ALL -> {
                ClientOutput.write(client, new CommandComplete("DEALLOCATE ALL"));
                ClientOutput.writeReadyForQuery(client, server.status());
            }
        }
    }

    private static ErrorResponse transactionFailed() {
        return ErrorResponse.of(
                Severity.ERROR,
                SqlState.IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block");
    }

    void onConfirmed() {
        own.confirmed();
    }

    void onUndone(int count, boolean firstFailed) {
        own.undo(count, firstFailed);
    }

    void onGone() {
        own.gone();
    }

    /** The server has come to rest. */
    void onSettled(Server server) {
        server.statements().settle();
        errors.forget();
    }

    // ---- freeze ---------------------------------------------------------------------------------

    FrozenStatements freeze() {
        return own.freeze(errors.freeze());
    }

    void restore(FrozenStatements frozen, UnaryOperator<Statement> adopt) {
        own.restore(frozen, adopt);
        errors.restore(frozen.used());
    }

    /** See {@link StatementErrors#onError}. */
    ErrorFate onError(Server server, ByteBuf in, int index, int bodyLength) {
        return errors.onError(server, in, index, bodyLength);
    }

    /** The client has left. */
    void end() {
        own.end();
    }
}
