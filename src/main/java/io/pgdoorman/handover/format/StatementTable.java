package io.pgdoorman.handover.format;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.session.FrozenStatements;
import io.pgdoorman.statement.ServerStatements;
import io.pgdoorman.statement.Statement;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * The prepared statements of one message, each written once, and what clients and servers have of
 * them. Entry 0 is none.
 *
 * <pre>
 *   statement:  1 definition   2 settings   3 number   4 traces   5 shared   6 frequent
 *   of a client: 1 named*   2 unnamed   3 change*   4 used*
 *     named:    1 name   2 statement   3 its Parse has no reply yet
 *     change:   1 kind   2 name, unless it is about the unnamed one   3 before   4 after
 *     used:     1 name on the server   2 client's name
 *   of a server: 1 entry*   2 how many in use   3 how many to be closed   4 change*
 *                5 unnamed   6 epoch   7 a command on its way may take all away
 *     entry:    1 statement   2 name   3 current   4 of this batch   5 confirmed
 *     change:   1 kind   2 entry from 1   3 before   4 other entry from 1
 * </pre>
 *
 * <p>Threads: confined to its user.
 */
final class StatementTable {
    private final IdentityHashMap<Statement, Integer> numbers = new IdentityHashMap<>();
    private final List<Statement> statements = new ArrayList<>();

    // ---- write ----------------------------------------------------------------------------------

    private int numberOf(@Nullable Statement statement) {
        if (statement == null) {
            return 0;
        }
        return numbers.computeIfAbsent(
                statement,
                added -> {
                    statements.add(added);
                    return statements.size();
                });
    }

    void write(FieldWriter out, int field) {
        for (Statement statement : statements) {
            out.put(
                    field,
                    new FieldWriter()
                            .put(1, statement.definition())
                            .put(2, statement.context())
                            .put(3, statement.number())
                            .put(4, statement.traces())
                            .put(5, statement.isShared())
                            .put(6, statement.isFrequent()));
        }
    }

    void write(FieldWriter out, int field, FrozenStatements frozen) {
        if (frozen.equals(FrozenStatements.EMPTY)) {
            return;
        }
        var message = new FieldWriter();
        for (FrozenStatements.Named named : frozen.named()) {
            message.put(
                    1,
                    new FieldWriter()
                            .put(1, named.name())
                            .put(2, numberOf(named.statement()))
                            .put(3, named.inDoubt()));
        }
        message.put(2, numberOf(frozen.unnamed()));
        for (FrozenStatements.Change change : frozen.sent()) {
            var one = new FieldWriter().put(1, change.kind());
            byte[] name = change.name();
            if (name != null) {
                one.put(2, name);
            }
            message.put(3, one.put(3, numberOf(change.before())).put(4, numberOf(change.after())));
        }
        for (FrozenStatements.Used used : frozen.used()) {
            message.put(4, new FieldWriter().put(1, used.serverName()).put(2, used.name()));
        }
        out.put(field, message);
    }

    void write(FieldWriter out, int field, FrozenServer server) {
        ServerStatements.Frozen frozen = server.statements();
        if (frozen.equals(ServerStatements.Frozen.EMPTY)) {
            return;
        }
        var message = new FieldWriter();
        for (ServerStatements.FrozenEntry entry : frozen.entries()) {
            message.put(
                    1,
                    new FieldWriter()
                            .put(1, numberOf(entry.statement()))
                            .put(2, entry.name())
                            .put(3, entry.current())
                            .put(4, entry.thisBatch())
                            .put(5, entry.confirmed()));
        }
        message.put(2, frozen.used()).put(3, frozen.orphans());
        for (ServerStatements.FrozenChange change : frozen.sent()) {
            message.put(
                    4,
                    new FieldWriter()
                            .put(1, change.kind())
                            .put(2, change.entry() + 1)
                            .put(3, numberOf(change.before()))
                            .put(4, change.old() + 1));
        }
        message.put(5, numberOf(frozen.unnamed()))
                .put(6, frozen.epoch())
                .put(7, frozen.mayBeGone());
        out.put(field, message);
    }

    // ---- read -----------------------------------------------------------------------------------

    /** Reads one entry; the entries come before what refers to them. */
    void read(FieldReader in) throws FormatException {
        byte[] definition = {};
        String context = "";
        long number = 0;
        int traces = 0;
        boolean shared = false;
        boolean frequent = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> definition = in.bytes();
                case 2 -> context = in.text();
                case 3 -> number = in.number();
                case 4 -> traces = in.integer();
                case 5 -> shared = in.bool();
                case 6 -> frequent = in.bool();
                default -> {} // of a later version
            }
        }
        var statement = new Statement(definition, context, number, traces, shared);
        if (frequent) {
            statement.markFrequent();
        }
        statements.add(statement);
    }

    private @Nullable Statement get(int number) throws FormatException {
        if (number < 0 || number > statements.size()) {
            throw new FormatException("statement " + number + " of " + statements.size());
        }
        return number == 0 ? null : statements.get(number - 1);
    }

    private Statement require(int number) throws FormatException {
        Statement statement = get(number);
        if (statement == null) {
            throw new FormatException("a name without its statement");
        }
        return statement;
    }

    FrozenStatements client(FieldReader in) throws FormatException {
        List<FrozenStatements.Named> named = new ArrayList<>();
        Statement unnamed = null;
        List<FrozenStatements.Change> sent = new ArrayList<>();
        List<FrozenStatements.Used> used = new ArrayList<>();
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> named.add(named(in.message()));
                case 2 -> unnamed = get(in.integer());
                case 3 -> sent.add(clientChange(in.message()));
                case 4 -> used.add(used(in.message()));
                default -> {} // of a later version
            }
        }
        return new FrozenStatements(named, unnamed, sent, used);
    }

    private static FrozenStatements.Used used(FieldReader in) throws FormatException {
        byte[] serverName = {};
        byte[] name = {};
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> serverName = in.bytes();
                case 2 -> name = in.bytes();
                default -> {} // of a later version
            }
        }
        return new FrozenStatements.Used(serverName, name);
    }

    private FrozenStatements.Named named(FieldReader in) throws FormatException {
        byte[] name = {};
        int number = 0;
        boolean inDoubt = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> name = in.bytes();
                case 2 -> number = in.integer();
                case 3 -> inDoubt = in.bool();
                default -> {} // of a later version
            }
        }
        return new FrozenStatements.Named(name, require(number), inDoubt);
    }

    private FrozenStatements.Change clientChange(FieldReader in) throws FormatException {
        int kind = 0;
        byte[] name = null;
        int before = 0;
        int after = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> kind = in.integer();
                case 2 -> name = in.bytes();
                case 3 -> before = in.integer();
                case 4 -> after = in.integer();
                default -> {} // of a later version
            }
        }
        return new FrozenStatements.Change(kind, name, get(before), get(after));
    }

    ServerStatements.Frozen server(FieldReader in) throws FormatException {
        List<ServerStatements.FrozenEntry> entries = new ArrayList<>();
        int used = 0;
        int orphans = 0;
        List<ServerStatements.FrozenChange> sent = new ArrayList<>();
        Statement unnamed = null;
        int epoch = 0;
        boolean mayBeGone = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> entries.add(entry(in.message()));
                case 2 -> used = in.integer();
                case 3 -> orphans = in.integer();
                case 4 -> sent.add(serverChange(in.message()));
                case 5 -> unnamed = get(in.integer());
                case 6 -> epoch = in.integer();
                case 7 -> mayBeGone = in.bool();
                default -> {} // of a later version
            }
        }
        return new ServerStatements.Frozen(entries, used, orphans, sent, unnamed, epoch, mayBeGone);
    }

    private ServerStatements.FrozenEntry entry(FieldReader in) throws FormatException {
        int number = 0;
        byte[] name = {};
        boolean current = false;
        boolean thisBatch = false;
        boolean confirmed = false;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> number = in.integer();
                case 2 -> name = in.bytes();
                case 3 -> current = in.bool();
                case 4 -> thisBatch = in.bool();
                case 5 -> confirmed = in.bool();
                default -> {} // of a later version
            }
        }
        return new ServerStatements.FrozenEntry(
                require(number), name, current, thisBatch, confirmed);
    }

    private ServerStatements.FrozenChange serverChange(FieldReader in) throws FormatException {
        int kind = 0;
        int entry = 0;
        int before = 0;
        int old = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            switch (field) {
                case 1 -> kind = in.integer();
                case 2 -> entry = in.integer();
                case 3 -> before = in.integer();
                case 4 -> old = in.integer();
                default -> {} // of a later version
            }
        }
        return new ServerStatements.FrozenChange(kind, entry - 1, get(before), old - 1);
    }
}
